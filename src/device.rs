//! What the kernel says of the devices that are plugged in, and the requests that its files take: shared by the lines to
//! printers and the scanners. Knows neither.

pub mod holders;
pub mod raw;
pub mod sysfs;
