use super::*;
use proptest::prelude::*;

fn uri(text: &str) -> DeviceUri {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(text: &str) -> String {
    text.parse::<DeviceUri>().expect_err(text).to_string()
}

#[test]
fn a_device_uri_is_read_and_written_alike() {
    for text in [
        "tcp://10.0.0.7:9100",
        "tcp://printer-1.local:6101",
        "tcp://[fe80::1]:9100",
        "virtual:zpl",
        "virtual:tspl",
        "virtual:escpos",
        "usb://0a5f:0166",
        "usb://0a5f:0166?serial=D1J194700123",
        "usb://0483:5743?serial=%20A%2F1%C3%A9",
        "usb://0483:5743?port=1-1.4",
        "usb://04b8:0202?port=12-3.10.4&interface=1&class=vendor",
        "serial:/dev/ttyS0",
        "serial:/dev/serial/by-id/usb-FTDI_FT232R_A50285BI-if00-port0?baud=38400&parity=even&data=7&stop=2&flow=rtscts&dtr=off",
        "serial:/dev/ttyUSB1?flow=xonxoff",
    ] {
        assert_eq!(uri(text).to_string(), text);
    }
    assert_eq!(uri("tcp://[::1]").to_string(), "tcp://[::1]:9100");
    assert_eq!(uri("serial:/dev/ttyS0?flow=none&baud=9600&dtr=on").to_string(), "serial:/dev/ttyS0");
    assert_eq!(uri("usb://0A5F:0166?class=printer").to_string(), "usb://0a5f:0166");
}

#[test]
fn a_wrong_device_uri_says_what_to_write() {
    for (text, why) in [
        ("10.0.0.7", "not a device URI. Write usb://VENDOR:PRODUCT, serial:/dev/…, tcp://host:port or virtual:zpl."),
        ("virtual:zlp", "no virtual printer speaks \"zlp\". Known: virtual:zpl, virtual:tspl, virtual:escpos."),
        ("usb:0a5f/0081", "write usb://VENDOR:PRODUCT, as in usb://0a5f:0166?serial=D1J194700123."),
        ("usb://a5f:0166", "vendor and product are four hexadecimal digits each. Write usb://0a5f:0166?serial=D1J194700123."),
        ("usb://0a5f:0166?serial=", "\"\" is no serial number."),
        ("usb://0a5f:0166?serial=%0a", "\"%0a\" is no serial number."),
        ("usb://0a5f:0166?port=1", "\"1\" is not a port. Write it as the kernel names it, as in 1-1.4."),
        ("usb://0a5f:0166?port=../x-1", "\"../x-1\" is not a port. Write it as the kernel names it, as in 1-1.4."),
        ("usb://0a5f:0166?serial=A&port=1-1", "give the serial number or the port, not both."),
        ("usb://0a5f:0166?interface=32", "\"32\" is no interface: a number from 0 to 31."),
        ("usb://0a5f:0166?class=hid", "class cannot be \"hid\". Known: printer, vendor."),
        ("usb://0a5f:0166?seral=A", "no setting \"seral\". Known: serial, port, interface, class."),
        ("usb://0a5f:0166?interface=1&interface=1", "interface is set twice."),
        ("usb://0a5f:0166?", "\"\" is no setting: write KEY=VALUE."),
        (
            "serial:ttyS0",
            "write serial:/dev/…, as in serial:/dev/ttyS0?baud=9600. Ports with steady names stand in /dev/serial/by-id.",
        ),
        (
            "serial:/dev/ttyS0?baud=9601",
            "baud cannot be \"9601\". Known: 1200, 2400, 4800, 9600, 14400, 19200, 28800, 38400, 57600, 115200, 230400, \
             460800, 921600.",
        ),
        ("serial:/dev/ttyS0?parity=mark", "parity cannot be \"mark\". Known: none, even, odd."),
        ("serial:/dev/ttyS0?data=9", "data cannot be \"9\". Known: 7, 8."),
        ("serial:/dev/ttyS0?stop=1.5", "stop cannot be \"1.5\". Known: 1, 2."),
        ("serial:/dev/ttyS0?flow=dtrdsr", "flow cannot be \"dtrdsr\". Known: none, rtscts, xonxoff."),
        ("serial:/dev/ttyS0?dtr=1", "dtr cannot be \"1\". Known: on, off."),
        ("serial:/dev/ttyS0?speed=9600", "no setting \"speed\". Known: baud, parity, data, stop, flow, dtr."),
    ] {
        assert_eq!(refusal(text), format!("{text}: {why}"));
    }
    for text in
        ["tcp://", "tcp://:9100", "tcp://a b:1", "tcp://host:0", "tcp://host:70000", "tcp://[::1", "tcp://[::1]9100", "tcp:host"]
    {
        assert!(
            refusal(text).contains("Write tcp://host:port") || refusal(text).contains("write tcp://host:port"),
            "{}",
            refusal(text)
        );
    }
}

#[test]
fn one_serial_port_is_one_device_however_it_is_set() {
    assert!(uri("serial:/dev/ttyS0").is_same_device(&uri("serial:/dev/ttyS0?baud=38400")));
    assert!(!uri("serial:/dev/ttyS0").is_same_device(&uri("serial:/dev/ttyS1")));
    assert!(!uri("usb://0a5f:0166?serial=A").is_same_device(&uri("usb://0a5f:0166?serial=B")));
}

fn any_uri() -> impl Strategy<Value = DeviceUri> {
    let place = prop_oneof![
        "[^\\p{C}]{1,40}".prop_map(UsbPlace::Serial),
        "[1-9][0-9]?-[1-9](\\.[1-9][0-9]?){0,5}".prop_map(UsbPlace::Port),
        Just(UsbPlace::Only),
    ];
    let usb = (any::<u16>(), any::<u16>(), place, proptest::option::of(0u8..32), any::<bool>()).prop_map(
        |(vendor, product, place, interface, vendor_class)| {
            DeviceUri::Usb(UsbAddress { vendor, product, place, interface, vendor_class })
        },
    );
    let parity = proptest::sample::select(vec![Parity::None, Parity::Even, Parity::Odd]);
    let flow = proptest::sample::select(vec![Flow::None, Flow::RtsCts, Flow::XonXoff]);
    let baud = proptest::sample::select(vec![1200, 9600, 38_400, 115_200, 921_600]);
    let serial = ("/dev/[!-&*->@-~]{1,40}", baud, parity, 7u8..9, 1u8..3, flow, any::<bool>()).prop_map(
        |(path, baud, parity, data_bits, stop_bits, flow, dtr)| {
            DeviceUri::Serial(SerialAddress { path, baud, parity, data_bits, stop_bits, flow, dtr })
        },
    );
    prop_oneof![usb, serial]
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_back(written in any_uri()) {
        prop_assert_eq!(uri(&written.to_string()), written);
    }

    #[test]
    fn no_text_whatever_stops_the_reading(head in "(usb://|serial:/|tcp://|virtual:)?", rest in "[ -~é%]{0,80}") {
        let text = head + &rest;
        match text.parse::<DeviceUri>() {
            Ok(read) => prop_assert_eq!(uri(&read.to_string()), read),
            Err(error) => prop_assert!(error.to_string().starts_with(&text)),
        }
    }
}
