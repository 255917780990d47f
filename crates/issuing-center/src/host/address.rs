//! Where the host is: `https://` anywhere, `http://` on this machine alone.

use std::net::IpAddr;

use cardwright_relay::Code;
use hyper::Uri;

use crate::refused::Refused;

/// The longest address.
const LONGEST: usize = 2_048;

/// An address that events may be posted to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// a name, or an IP address without brackets
    pub(super) host: String,
    pub(super) port: u16,
    /// whether TLS is spoken
    pub(super) secure: bool,
    /// path and query
    pub(super) path: String,
    /// host and port as the header `host` has them
    pub(super) authority: String,
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// `HOST_REFUSED` with the reason.
    pub(super) fn parse(text: &str) -> Result<Self, Refused> {
        let refused = |reason: &str| Refused::with(Code::HOST_REFUSED, [text, reason]);
        let uri: Uri = text.parse().map_err(|_| refused("it is no address"))?;
        let (Some(authority), Some(host)) = (uri.authority(), uri.host()) else {
            return Err(refused("it has no host"));
        };
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(refused("it begins neither https:// nor http://")),
        };
        if text.len() > LONGEST || text.contains('#') || authority.as_str().contains('@') {
            return Err(refused("it is too long, or holds a fragment, a name or a password"));
        }
        let host = host.trim_matches(['[', ']']).to_owned();
        if !secure && !is_this_machine(&host) {
            return Err(refused("what is told without TLS stays on this machine"));
        }
        let port = uri.port_u16().unwrap_or(if secure { 443 } else { 80 });
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { host, port, secure, path, authority: authority.as_str().to_owned() })
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_tls_nothing_leaves_the_machine() {
        for right in ["http://127.0.0.1:8080/events", "http://localhost/", "http://[::1]:1/x?y=z"] {
            assert!(!Address::parse(right).unwrap().secure, "{right}");
        }
        for wrong in ["http://host.example/events", "http://10.0.0.1/", "http://127.0.0.1.example/"] {
            assert_eq!(Address::parse(wrong).unwrap_err().code, Code::HOST_REFUSED, "{wrong}");
        }
    }

    #[test]
    fn an_address_is_taken_apart_and_another_form_is_refused() {
        let address = Address::parse("https://host.example/cards?x=1").unwrap();
        assert_eq!((address.host.as_str(), address.port, address.path.as_str()), ("host.example", 443, "/cards?x=1"));
        assert_eq!(Address::parse("https://[2001:db8::1]:8443").unwrap().host, "2001:db8::1");
        for wrong in ["", "host.example", "ftp://host.example/", "https://a:b@host.example/", "https:///x", "/cards"] {
            assert!(Address::parse(wrong).is_err(), "{wrong}");
        }
    }
}
