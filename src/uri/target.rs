//! `http://127.0.0.1:9000/hook`: where events are posted. This machine, or one private host that the operator named.

use core::net::IpAddr;
use hyper::Uri;

/// Where events go: this machine, or a private host that the operator named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// A name or an address, without brackets.
    pub host: String,
    pub port: u16,
    /// Path and query.
    pub path: String,
    /// Beyond this machine.
    is_far: bool,
}

impl Target {
    /// Reads an address; `allowed` is the one host beside this machine to which events may go.
    pub fn parse(url: &str, allowed: Option<&str>) -> Result<Target, String> {
        let uri: Uri =
            url.parse().map_err(|_| "is not an address: use one such as \"http://127.0.0.1:9000/hook\".".to_owned())?;
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@'));
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), authority) else {
            return Err("needs http:// and a host, and no user: use one such as \"http://127.0.0.1:9000/hook\".".to_owned());
        };
        if scheme != "http" {
            return Err(format!(
                "begins with {scheme}://, which is not spoken: let a proxy on this machine or in its network carry it on."
            ));
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let address: Option<IpAddr> = host.parse().ok();
        let is_near = host == "localhost" || address.is_some_and(|address| address.is_loopback());
        if !is_near && allowed.is_none_or(|allowed| !allowed.eq_ignore_ascii_case(&host)) {
            return Err(format!("leads to {host}, not to this machine: name it in `allow_host` too, if events may go there."));
        }
        if address.is_some_and(|address| !is_private(address)) {
            return Err(format!("leads to {host} on the open internet: events go unencrypted, so only to a private network."));
        }
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Target { host, port: authority.port_u16().unwrap_or(80), path, is_far: !is_near })
    }

    /// Whether its name may mean that machine: names can be made to lead anywhere.
    pub fn may_be(&self, address: IpAddr) -> bool {
        address.to_canonical().is_loopback() || (self.is_far && is_private(address))
    }

    /// Host and port, as in an address.
    pub fn authority(&self) -> String {
        if self.host.contains(':') { format!("[{}]:{}", self.host, self.port) } else { format!("{}:{}", self.host, self.port) }
    }
}

/// In a network that is not the open internet.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private() || v4.is_link_local(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(url: &str, allowed: Option<&str>) -> String {
        Target::parse(url, allowed).expect_err("refused")
    }

    #[test]
    fn events_go_to_this_machine_or_to_a_private_host_that_is_named() {
        let near = Target::parse("http://127.0.0.1:9000/hook?shop=1", None).expect("near");
        assert_eq!((near.authority().as_str(), near.path.as_str()), ("127.0.0.1:9000", "/hook?shop=1"));
        assert_eq!(Target::parse("http://[::1]/", None).expect("near").authority(), "[::1]:80");
        let far = Target::parse("http://192.168.1.20/hook", Some("192.168.1.20")).expect("named");
        assert!(far.may_be("192.168.1.20".parse().expect("an address")));
        assert!(refused("http://192.168.1.20/hook", None).starts_with("leads to 192.168.1.20, not to this machine"));
        assert!(refused("http://192.168.1.20/hook", Some("192.168.1.21")).starts_with("leads to 192.168.1.20"));
        assert!(refused("http://8.8.8.8/", Some("8.8.8.8")).contains("open internet"));
        assert!(refused("https://127.0.0.1/", None).starts_with("begins with https://"));
        assert!(refused("http://user:word@127.0.0.1/", None).contains("no user"));
        assert!(refused("/hook", None).contains("needs http://"));
        assert!(refused("http://exa mple/", None).starts_with("is not an address"));
    }

    #[test]
    fn a_name_that_is_made_to_lead_elsewhere_is_not_followed() {
        let near = Target::parse("http://localhost:9000/", None).expect("near");
        let far = Target::parse("http://erp.local/", Some("ERP.local")).expect("named");
        for (address, of_near, of_far) in [
            ("127.0.0.1", true, true),
            ("::ffff:127.0.0.1", true, true),
            ("10.1.2.3", false, true),
            ("fd00::1", false, true),
            ("8.8.8.8", false, false),
            ("::ffff:8.8.8.8", false, false),
            ("2606:4700::1", false, false),
        ] {
            let ip: IpAddr = address.parse().expect("an address");
            assert_eq!((near.may_be(ip), far.may_be(ip)), (of_near, of_far), "{address}");
        }
    }
}
