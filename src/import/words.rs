//! What the words of a status, a payment or a cancellation mean.
//!
//! A word of a platform goes in, in any of its markets' languages; one of a closed set of meanings comes out. What is to be
//! printed is an allow-list of whole phrases; what must not be printed is found inside longer sentences too. What nobody knows is
//! *unknown*, and a person is asked.

use std::sync::LazyLock;
use strum::{EnumString, IntoStaticStr, VariantArray};
use unicode_normalization::UnicodeNormalization;

/// What a column of words is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Vocabulary {
    /// Where an order stands.
    Status,
    /// How it is paid.
    Payment,
    /// Whether somebody wants it canceled or returned.
    Cancellation,
}

/// What a word means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Meaning {
    Blank,
    /// To be sent: its label may print.
    Ship,
    Canceled,
    CancelRequested,
    Refunded,
    Unpaid,
    Shipped,
    OnHold,
    /// Money is collected at the door.
    Cod,
    Prepaid,
    /// Nothing of the kind: `none`, `-`.
    No,
    Unknown,
}

/// What that word means in a column of that kind.
pub fn meaning(vocabulary: Vocabulary, text: &str) -> Meaning {
    let said = fold(text);
    if text.trim().is_empty() {
        return Meaning::Blank;
    }
    match vocabulary {
        Vocabulary::Status => status(&said),
        Vocabulary::Payment => payment(&said),
        Vocabulary::Cancellation => match status(&said) {
            Meaning::Unknown if is_one_of(&NOTHING, &said) => Meaning::No,
            meaning => meaning,
        },
    }
}

fn status(said: &str) -> Meaning {
    if is_one_of(&SHIP, said) {
        return Meaning::Ship;
    }
    if is_one_of(&UNPAID, said) {
        return Meaning::Unpaid;
    }
    let denied = holds(&DENIALS, said);
    match () {
        // Turned down, taken back, or not at all: which way it goes, only the seller knows.
        () if holds(&CANCEL, said) && denied => Meaning::Unknown,
        () if holds(&CANCEL, said) && holds(&REQUEST, said) => Meaning::CancelRequested,
        () if holds(&REFUND, said) && holds(&REQUEST, said) && !denied => Meaning::CancelRequested,
        () if holds(&CANCEL, said) => Meaning::Canceled,
        () if holds(&REFUND, said) && !denied && !holds(&PARTLY, said) => Meaning::Refunded,
        () if holds(&REFUND, said) => Meaning::Unknown,
        () if holds(&UNPAID, said) => Meaning::Unpaid,
        () if is_one_of(&SHIPPED, said) => Meaning::Shipped,
        () if holds(&ON_HOLD, said) && !denied => Meaning::OnHold,
        () => Meaning::Unknown,
    }
}

fn payment(said: &str) -> Meaning {
    let (cod, prepaid) = (holds(&COD, said), holds(&PREPAID, said));
    match () {
        () if is_one_of(&NOT_COD, said) => Meaning::Prepaid,
        () if cod && (prepaid || holds(&DENIALS, said)) => Meaning::Unknown,
        () if cod => Meaning::Cod,
        () if prepaid && !holds(&DENIALS, said) => Meaning::Prepaid,
        () => Meaning::Unknown,
    }
}

/// Words of a list as they are compared, with whether they are of Latin letters.
pub(super) type Words = LazyLock<Vec<(String, bool)>>;

pub(super) fn words(list: &str) -> Vec<(String, bool)> {
    list.split('|').map(fold).filter(|word| !word.is_empty()).map(|word| (word.clone(), word.is_ascii())).collect()
}

fn is_one_of(words: &Words, said: &str) -> bool {
    words.iter().any(|(word, _)| word == said)
}

/// Whether one of the words stands in it: Latin ones at the start of a word, others anywhere.
pub(super) fn holds(words: &Words, said: &str) -> bool {
    words.iter().any(|(word, is_latin)| match is_latin {
        true => said.match_indices(word.as_str()).any(|(at, _)| {
            let begins = said[..at].chars().next_back().is_none_or(|before| !before.is_alphanumeric());
            // Short words are whole ones: "cod" and not "code".
            let whole = word.len() > 4 || said[at + word.len()..].chars().next().is_none_or(|after| !after.is_alphanumeric());
            begins && whole
        }),
        false => said.contains(word.as_str()),
    })
}

/// A text as it is compared: small letters without marks, one blank for whatever is no letter or digit.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfkc().flat_map(char::to_lowercase).nfd() {
        match c {
            '\u{300}'..='\u{36f}' => {}
            'đ' => out.push('d'),
            'ł' => out.push('l'),
            'ø' => out.push('o'),
            'ı' => out.push('i'),
            'ß' => out.push_str("ss"),
            // Marks of Thai and Indic vowels, and the readings of Kana, are parts of letters.
            c if c.is_alphanumeric() || matches!(c, '\u{e31}'..='\u{e4e}' | '\u{900}'..='\u{dff}' | '\u{3099}' | '\u{309a}') => {
                out.push(c)
            }
            _ if out.ends_with(' ') || out.is_empty() => {}
            _ => out.push(' '),
        }
    }
    out.trim_end().to_owned()
}

static SHIP: Words = LazyLock::new(|| {
    words(
        "to ship|awaiting shipment|awaiting collection|awaiting fulfillment|awaiting fulfilment|ready to ship|ready for shipping|ready|processing|processed|\
         wc processing|new|new order|open|paid|payment received|unfulfilled|unshipped|not shipped|not yet shipped|pending shipment|pending shipping|to be shipped|to pack|packed|topack|\
         toship|confirmed|in progress|partially shipping|partially fulfilled|partial|wait seller send goods|arranged|shipment arranged|approved|accepted|active|to process|to be processed|\
         待发货|待揽收|等待发货|等待揽收|等待卖家发货|买家已付款|已付款|已支付|待处理|未发货|待打单|待打印|待审核|已审核|配货中|待配货|待出库|处理中|待出貨|未出貨|待出貨確認|已付款待出貨|備貨中|\
         出貨待ち|発送待ち|出荷待ち|未発送|未出荷|準備中|発送準備中|支払済み|入金済み|支払い済み|新規|受付済み|\
         결제완료|결제 완료|상품준비중|상품 준비중|배송준비중|배송 준비중|발송대기|출고대기|신규주문|발주확인|\
         perlu dikirim|menunggu pengambilan|siap dikirim|siap kirim|perlu diproses|pesanan baru|dikemas|sudah dibayar|diproses|untuk dihantar|perlu dihantar|menunggu kutipan|\
         ที่จะจัดส่ง|ที่ต้องจัดส่ง|รอจัดส่ง|รอการจัดส่ง|พร้อมส่ง|พร้อมจัดส่ง|ชำระเงินแล้ว|เตรียมจัดส่ง|รอเข้ารับ|รอรับพัสดุ|กำลังดำเนินการ|รอดำเนินการ|ต้องจัดส่ง|\
         cần gửi|cần giao|chờ lấy hàng|chờ giao hàng|chờ gửi hàng|chờ xử lý|đã xác nhận|chờ đóng gói|chờ vận chuyển|đang xử lý|đã thanh toán|chờ xác nhận|đang chờ lấy hàng|\
         offen|bezahlt|in bearbeitung|versandbereit|zu versenden|neu|bestätigt|versand ausstehend|nicht versendet|\
         à expédier|en attente d expédition|payé|payée|à préparer|en préparation|en cours de préparation|non expédié|non expédiée|en cours|nouveau|nouvelle|\
         da spedire|in lavorazione|pagato|in attesa di spedizione|non spedito|nuovo|in elaborazione|\
         por enviar|pendiente de envío|pagado|en proceso|procesando|listo para enviar|preparado|no enviado|nuevo|para enviar|\
         a enviar|em processamento|processando|pronto para envio|pendente de envio|pago|aguardando envio|novo|preparando|\
         te verzenden|betaald|in behandeling|nieuw|klaar voor verzending|do wysłania|do wysyłki|opłacone|w realizacji|nowe|przyjęte|\
         к отправке|оплачен|оплачено|в обработке|ожидает отправки|новый|подтвержден|собран|готов к отправке|\
         hazırlanıyor|kargoya hazır|onaylandı|ödendi|yeni|gönderilecek|k odeslání|zaplaceno|nová|att skicka|betald|ny|\
         جاهز للشحن|قيد التجهيز|قيد المعالجة|مدفوع|بانتظار الشحن|جديد|לשליחה|שולם|ממתין למשלוח|भेजना है|भुगतान किया गया",
    )
});

static SHIPPED: Words = LazyLock::new(|| {
    words(
        "shipped|completed|complete|delivered|fulfilled|dispatched|in transit|sent|done|received|collected|picked up|wc completed|finished|archived|partially shipped|partially delivered|\
         已发货|已完成|已签收|交易成功|运输中|已出库|已揽收|已出貨|運送中|発送済み|発送済|出荷済み|配達完了|完了|배송완료|배송 완료|배송중|배송 중|구매확정|발송완료|\
         đã giao|đã gửi|đã giao hàng|hoàn thành|đang giao|đang giao hàng|đã vận chuyển|đã hoàn thành|selesai|dikirim|dalam pengiriman|terkirim|telah dikirim|telah dihantar|\
         จัดส่งแล้ว|สำเร็จ|ส่งแล้ว|ส่งสำเร็จ|จัดส่งสำเร็จ|อยู่ระหว่างการขนส่ง|กำลังจัดส่ง|เสร็จสมบูรณ์|ที่ต้องได้รับ|\
         versendet|verschickt|geliefert|abgeschlossen|zugestellt|unterwegs|erledigt|expédié|expédiée|livré|livrée|terminé|terminée|envoyé|\
         spedito|consegnato|completato|enviado|entregado|completado|entregue|concluído|finalizado|verzonden|bezorgd|afgerond|geleverd|\
         wysłane|dostarczone|zrealizowane|отправлен|отправлено|доставлен|доставлено|выполнен|завершен|в пути|kargolandı|teslim edildi|kargoda|tamamlandı|gönderildi|\
         odesláno|doručeno|vyřízeno|skickad|levererad|تم الشحن|تم التوصيل|مكتمل|נשלח|נמסר",
    )
});

static CANCEL: Words = LazyLock::new(|| {
    words(
        "cancel|voided|void|huỷ|hủy|ยกเลิก|batal|dibatalkan|pembatalan|キャンセル|取消|取り消し|关闭|關閉|关単|취소|storn|annul|anul|geannul|отмен|аннул|iptal|ملغ|الغاء|إلغاء|\
         zruš|avbrut|avbeställ|peruut|aflyst|annuller|בוטל|ביטול|रद्द|ακυρ|prekli|otkaz|visszavon|töröl|lemond|batalkan|ditolak sistem|terminated|closed by",
    )
});
static REFUND: Words = LazyLock::new(|| {
    words(
        "refund|return|rembours|rimbors|reembols|erstatt|rückerstatt|retour|rücksend|退款|退货|退貨|退單|返金|返品|환불|반품|hoàn tiền|trả hàng|pengembalian|dikembalikan|refunded|คืนเงิน|คืนสินค้า|ตีคืน|\
         возврат|возвращ|iade|zwrot|zwróc|terugbetaald|vrácen|återbetal|استرداد|مرتجع|chargeback|disput|dispute|reklamation",
    )
});
static UNPAID: Words = LazyLock::new(|| {
    words(
        "unpaid|not paid|not yet paid|awaiting payment|pending payment|payment pending|payment due|to pay|payment failed|waiting for payment|wc pending|wc failed|expired|overdue|\
         未付款|待付款|等待付款|等待买家付款|未支付|尚未付款|未入金|入金待ち|支払い待ち|未払い|미결제|결제대기|결제 대기|입금대기|미입금|chưa thanh toán|chờ thanh toán|belum bayar|belum dibayar|menunggu pembayaran|belum membayar|\
         ยังไม่ชำระ|รอชำระ|ยังไม่ได้ชำระ|รอการชำระ|ที่ต้องชำระ|unbezahlt|nicht bezahlt|zahlung ausstehend|warten auf zahlung|wartet auf zahlung|zahlung offen|impayé|en attente de paiement|non payé|paiement en attente|\
         non pagato|in attesa di pagamento|pagamento in sospeso|no pagado|sin pagar|pendiente de pago|pago pendiente|não pago|aguardando pagamento|pagamento pendente|onbetaald|niet betaald|wacht op betaling|\
         nieopłacone|oczekuje na płatność|niezapłacone|не оплачен|ожидает оплаты|неоплачен|ödeme bekleniyor|ödenmedi|nezaplaceno|čeká na platbu|obetald|غير مدفوع|بانتظار الدفع|לא שולם",
    )
});
static ON_HOLD: Words = LazyLock::new(|| {
    words(
        "on hold|onhold|wc on hold|held|paused|suspended|in review|under review|fraud|暂停|挂起|拦截|冻结|保留|보류|tạm giữ|ditahan|ระงับ|angehalten|zurückgestellt|en pause|suspendu|sospeso|in sospeso|suspendido|em espera|wstrzym|приостанов|beklemede",
    )
});
static REQUEST: Words = LazyLock::new(|| {
    words(
        "request|requested|in cancel|cancelling|canceling|apply|applied|申请|申請|取消中|退款中|退货中|요청|신청|yêu cầu|permintaan|minta|ขอ|รอยืนยันการยกเลิก|angefragt|anfrage|beantragt|demande|demandé|richiest|solicit|aangevraagd|запрос|запрошен|talep|pending cancel|cancel pending|طلب",
    )
});
/// With these a word of a list may say the contrary.
static DENIALS: Words = LazyLock::new(|| {
    words(
        "not|no|non|un|never|without|reject|rejected|withdraw|withdrawn|declin|denied|deny|refus|revok|reopen|restored|nicht|kein|keine|abgelehnt|zurückgezogen|pas|sans|refusé|senza|rifiutat|sin|rechaz|não|sem|recusad|niet|geen|nie|odrzuc|не|нет|отклон|未|没|无|不|拒绝|拒絕|驳回|撤销|恢复|拒否|却下|거부|거절|철회|không|chưa|từ chối|tidak|bukan|belum|ditolak|ไม่|ปฏิเสธ|değil|red|بدون|لم|رفض",
    )
});
static PARTLY: Words = LazyLock::new(|| {
    words(
        "partial|partially|partly|teilweise|partiel|parzial|parcial|gedeeltelijk|częściow|частичн|部分|一部|부분|một phần|sebagian|บางส่วน|kısmi|جزئي",
    )
});
static NOTHING: Words = LazyLock::new(|| {
    words(
        "no|none|n a|na|0|false|nil|normal|无|没有|否|なし|없음|không|tidak ada|tidak|ไม่มี|nein|keine|keiner|non|aucun|aucune|nessuno|ninguno|nenhum|geen|brak|нет|yok|لا",
    )
});

static COD: Words = LazyLock::new(|| {
    words(
        "cod|c o d|cash on delivery|cash upon delivery|pay on delivery|payment on delivery|collect on delivery|cash on arrival|pay at door|cash on collection|\
         货到付款|貨到付款|代收|到付现金|代引|代金引換|着払い現金|착불결제|후불결제|bayar di tempat|bayar ditempat|bayar saat terima|bayar semasa terima|bayaran semasa penghantaran|bayar ketika terima|tunai semasa hantar|tunai semasa penghantaran|\
         เก็บเงินปลายทาง|ชำระเงินปลายทาง|จ่ายปลายทาง|เก็บปลายทาง|thanh toán khi nhận hàng|thanh toán khi giao hàng|thu hộ|trả tiền khi nhận|tiền mặt khi nhận hàng|\
         nachnahme|contre remboursement|paiement à la livraison|contrassegno|pagamento alla consegna|contra reembolso|contrarreembolso|contra entrega|pago contra entrega|contraentrega|pago al recibir|\
         pagamento na entrega|pagamento à entrega|à cobrança|rembours|onder rembours|za pobraniem|pobranie|płatność przy odbiorze|наложенный платеж|наложенным платежом|оплата при получении|при получении|\
         dobírka|dobírkou|na dobierku|utánvét|ramburs|plata la livrare|kapıda ödeme|kapida nakit|efterkrav|postförskott|postiennakko|αντικαταβολή|pouzećem|pouzeće|наложен платеж|\
         الدفع عند الاستلام|الدفع عند التسليم|תשלום במזומן למשליח|कैश ऑन डिलीवरी",
    )
});
static NOT_COD: Words =
    LazyLock::new(|| words("non cod|noncod|not cod|no cod|prepaid|pre paid|non cash on delivery|bukan cod|không cod"));
static PREPAID: Words = LazyLock::new(|| {
    words(
        "card|cards|credit|debit|creditcard|visa|mastercard|maestro|amex|american express|discover|jcb|unionpay|paypal|apple pay|applepay|google pay|googlepay|shop pay|shopify payments|amazon pay|stripe|klarna|afterpay|clearpay|affirm|\
         sofort|giropay|ideal|bancontact|eps|przelewy24|p24|blik|multibanco|mb way|bizum|satispay|postepay|twint|vipps|mobilepay|swish|trustly|sepa|bank transfer|banktransfer|wire transfer|bacs|direct debit|online banking|\
         internet banking|net banking|upi|paytm|phonepe|razorpay|wallet|balance|e wallet|ewallet|gift card|giftcard|voucher|store credit|manual|bogus|ebay|managed payments|tiktok|prepaid|pre paid|paid online|online payment|pay online|pay later|paylater|spaylater|\
         shopeepay|shopee pay|airpay|lazada wallet|lazwallet|gopay|ovo|dana|linkaja|qris|bca|bni|bri|mandiri|virtual account|alfamart|indomaret|kredivo|akulaku|gcash|maya|paymaya|grabpay|grab pay|billease|7 eleven|truemoney|true money|\
         promptpay|prompt pay|rabbit line pay|line pay|linepay|kbank|scb|mobile banking|momo|zalopay|zalo pay|vnpay|vn pay|viettel money|napas|atm|fpx|boost|touch n go|tng|touchngo|duitnow|maybank|paynow|atome|hoolah|\
         alipay|wechat|weixin|支付宝|微信|银行卡|信用卡|余额|在线支付|已付|零钱|信用卡|轉帳|街口|クレジット|カード|銀行振込|コンビニ|paypay|楽天ペイ|d払い|au pay|신용카드|카드|카카오페이|네이버페이|토스|무통장|계좌이체|휴대폰|\
         บัตรเครดิต|บัตรเดบิต|บัตร|โอนเงิน|พร้อมเพย์|ทรูมันนี่|กระเป๋าเงิน|โมบายแบงก์กิ้ง|ผ่อน|thẻ|thẻ tín dụng|thẻ ghi nợ|chuyển khoản|ví|ví điện tử|trả góp|kartu kredit|kartu debit|kartu|kad kredit|kad debit|transfer bank|perbankan|saldo|dompet|\
         kreditkarte|lastschrift|rechnung|überweisung|vorkasse|carte|carte bancaire|virement|carta|carta di credito|bonifico|tarjeta|transferencia|pix|boleto|cartão|cartao de crédito|cartao|kaart|overboeking|karta|przelew|карта|картой|сбп|банковск|\
         kredi kartı|banka kartı|havale|eft|převodem|kartou|kort|بطاقة|بطاقه|مدى|تحويل|תשלום בכרטיס|אשראי|bitcoin|crypto|coin|coins|point|points|no payment required|free|instalment|installment",
    )
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_must_not_be_printed_is_known_in_the_languages_of_the_markets_and_inside_sentences() {
        for (text, meant) in [
            ("canceled", Meaning::Canceled),
            ("Cancelled by buyer", Meaning::Canceled),
            ("Đã huỷ", Meaning::Canceled),
            ("đã hủy", Meaning::Canceled),
            ("Ða\u{303} hu\u{309}y", Meaning::Canceled),
            ("ยกเลิก", Meaning::Canceled),
            ("Batal", Meaning::Canceled),
            ("dibatalkan oleh pembeli", Meaning::Canceled),
            ("キャンセル", Meaning::Canceled),
            ("交易关闭", Meaning::Canceled),
            ("Storniert", Meaning::Canceled),
            ("voided", Meaning::Canceled),
            ("Annulée", Meaning::Canceled),
            ("CANCELLED", Meaning::Canceled),
            ("취소완료", Meaning::Canceled),
            ("unpaid", Meaning::Unpaid),
            ("UNPAID", Meaning::Unpaid),
            ("Chờ thanh toán", Meaning::Unpaid),
            ("refunded", Meaning::Refunded),
            ("Return/Refund", Meaning::Refunded),
            ("partially refunded", Meaning::Unknown),
            ("cancel requested", Meaning::CancelRequested),
            ("申请取消", Meaning::CancelRequested),
            ("Cancellation request rejected", Meaning::Unknown),
            ("not canceled", Meaning::Unknown),
            ("shipped", Meaning::Shipped),
            ("Completed", Meaning::Shipped),
            ("on hold", Meaning::OnHold),
            ("pending", Meaning::Unknown),
            ("frobnicated", Meaning::Unknown),
            ("", Meaning::Blank),
            ("ready_to_ship", Meaning::Ship),
            ("To ship", Meaning::Ship),
            ("Unfulfilled", Meaning::Ship),
            ("not shipped", Meaning::Ship),
            ("Cần gửi", Meaning::Ship),
            ("ＡＷＡＩＴＩＮＧ　ＳＨＩＰＭＥＮＴ", Meaning::Ship),
        ] {
            assert_eq!(meaning(Vocabulary::Status, text), meant, "{text}");
        }
    }

    #[test]
    fn how_an_order_is_paid_is_known_or_asked() {
        for (text, meant) in [
            ("Cash on delivery", Meaning::Cod),
            ("เก็บเงินปลายทาง", Meaning::Cod),
            ("COD (Bayar di Tempat)", Meaning::Cod),
            ("Thanh toán khi giao hàng", Meaning::Cod),
            ("Cash on Delivery (COD)", Meaning::Cod),
            ("C.O.D.", Meaning::Cod),
            ("Nachnahme", Meaning::Cod),
            ("Contra reembolso", Meaning::Cod),
            ("代金引換", Meaning::Cod),
            ("Card", Meaning::Prepaid),
            ("Visa **** 4242", Meaning::Prepaid),
            ("ShopeePay", Meaning::Prepaid),
            ("non-COD", Meaning::Prepaid),
            ("COD paid by card", Meaning::Unknown),
            ("COD: no", Meaning::Unknown),
            ("Barzahlung", Meaning::Unknown),
            ("Code 7", Meaning::Unknown),
            ("", Meaning::Blank),
        ] {
            assert_eq!(meaning(Vocabulary::Payment, text), meant, "{text}");
        }
        assert_eq!(meaning(Vocabulary::Cancellation, "None"), Meaning::No);
        assert_eq!(meaning(Vocabulary::Cancellation, "Cancel"), Meaning::Canceled);
    }
}
