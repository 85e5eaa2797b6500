//! What a column is about that no map reads, by the words of its header.
//!
//! A map may not know every column of a file. Where such a column says that an order is canceled, names a sum to collect or
//! holds a part of the address, a label without it would be wrong: a person is asked.

use super::words::{Words, fold, holds, words};
use std::sync::LazyLock;

/// What a column is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Where an order stands or how it is paid, in words.
    Words,
    /// A sum to collect at the door.
    Collect,
    /// A part of the address that a parcel goes to.
    Address,
}

/// What a column with that header is about, if it matters to a label.
pub fn subject(header: &str) -> Option<Subject> {
    let header = fold(header);
    match () {
        () if holds(&COLLECT, &header) => Some(Subject::Collect),
        // Inside German compounds too: Bestellstatus.
        () if holds(&WORDS, &header) || header.contains("status") => Some(Subject::Words),
        () if holds(&ADDRESS, &header) && !holds(&OTHER_ADDRESS, &header) => Some(Subject::Address),
        () => None,
    }
}

static COLLECT: Words = LazyLock::new(|| {
    words(
        "cod|cash on delivery|代收|到付|货到付款|貨到付款|เก็บเงินปลายทาง|thu hộ|nachnahme|代引|contrassegno|contra reembolso|remboursement",
    )
});

static WORDS: Words = LazyLock::new(|| {
    words(
        "status|statut|estado|stato|zustand|payment|paid|zahlung|bezahl|bezahlt|paiement|pagamento|pago|płatno|cancel|canceled|cancelled|storn|annul|refund|financial|\
         状态|狀態|付款|支付|取消|สถานะ|ชำระ|trạng thái|thanh toán|상태|결제|ステータス|支払|статус|оплат|durum|ödeme|الحالة|الدفع",
    )
});

static ADDRESS: Words = LazyLock::new(|| {
    words(
        "address|street|house|apartment|building|floor|landmark|suburb|neighborhood|neighbourhood|village|barangay|district|subdistrict|town|city|municipality|county|province|\
         postcode|postal|zip|zipcode|adresse|straße|strasse|hausnummer|stadt|plz|ort|rue|ville|code postal|indirizzo|città|cap|dirección|calle|ciudad|provincia|código postal|endereço|\
         bairro|cidade|cep|adres|ulica|miasto|alamat|kecamatan|kelurahan|kota|kabupaten|provinsi|kode pos|địa chỉ|phường|quận|huyện|tỉnh|thành phố|ที่อยู่|ตำบล|แขวง|อำเภอ|จังหวัด|\
         รหัสไปรษณีย์|地址|街道|城市|省份|邮编|郵遞|区县|门牌|住所|市区町村|都道府県|番地|郵便番号|주소|우편번호|адрес|город|улица|индекс|область",
    )
});

/// Addresses of somebody else, and what only sounds so.
static OTHER_ADDRESS: Words = LazyLock::new(|| {
    words(
        "billing|bill|buyer|payer|sender|seller|shop|store|warehouse|pickup|return|from|origin|email|e mail|mail|ip|web|url|item|product|rechnung|facturation|fatturazione|facturación|\
         发件|寄件|卖家|賣家|仓库|退货|邮箱|ผู้ส่ง|người gửi|pengirim|tax|vat|id|type|fee|cost|method",
    )
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_known_by_its_header_in_the_languages_of_the_markets() {
        for (header, meant) in [
            ("Payment status", Some(Subject::Words)),
            ("Bestellstatus", Some(Subject::Words)),
            ("สถานะคำสั่งซื้อ", Some(Subject::Words)),
            ("COD Amount", Some(Subject::Collect)),
            ("Coder", None),
            ("Kecamatan", Some(Subject::Address)),
            ("Shipping City", Some(Subject::Address)),
            ("Billing City", None),
            ("E-mail address", None),
            ("收件地址", Some(Subject::Address)),
            ("发件地址", None),
            ("จังหวัด", Some(Subject::Address)),
            ("Capacity", None),
            ("Note", None),
        ] {
            assert_eq!(subject(header), meant, "{header}");
        }
    }
}
