//! What is known of some USB printers and cannot be read from them.

/// How a device differs from the printer class.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quirks {
    /// The kernel driver is not given back on close: the printer does not bear it.
    pub no_reattach: bool,
    /// Its interface is of the vendor's own class (FF) and speaks as a printer all the same.
    pub vendor_class: bool,
}

impl Quirks {
    /// By vendor and product id.
    pub fn of(vendor: u16, product: u16) -> Quirks {
        match (vendor, product) {
            // CUPS, org.cups.usb-quirks: Zebra, all models, `no-reattach` (Launchpad 1001028, STR 5395).
            (0x0a5f, _) => Quirks { no_reattach: true, ..Quirks::default() },
            // CUPS, org.cups.usb-quirks: Epson interface boards (UB-U05 and others), `vendor-class`.
            (0x04b8, 0x0202) => Quirks { vendor_class: true, ..Quirks::default() },
            _ => Quirks::default(),
        }
    }
}
