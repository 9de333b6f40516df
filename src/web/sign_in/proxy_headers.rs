//! What a trusted proxy says of a visitor: their address, the client certificate that it verified. From anybody else
//! the same headers are refused.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::http::{HeaderMap, HeaderName};
use percent_encoding::percent_decode_str;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;

use crate::WebRefusal;
use base::tls::Certificate;
use service::config::{CertificateFormat, Proxy, Web};

/// Where a request comes from.
#[derive(Debug, Clone)]
pub(crate) struct Via {
    /// The visitor's address, as far as it is known.
    pub(crate) address: IpAddr,
    /// The DN of their certificate, if they showed one.
    pub(super) certificate: Option<String>,
}

impl Via {
    /// What a request from this peer says.
    pub(super) fn of(web: &Web, peer: Option<SocketAddr>, headers: &HeaderMap) -> Result<Self, WebRefusal> {
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.ip().to_canonical());
        let Some(proxy) = &web.proxy else { return Ok(Self { address: peer, certificate: None }) };
        if proxy.trusted.iter().any(|trusted| trusted.to_canonical() == peer) {
            return Ok(Self { address: visitor(proxy, peer, headers), certificate: certificate(proxy, headers)? });
        }
        let forges = proxy.certificate_header.as_ref().is_some_and(|name| headers.contains_key(name.as_str()));
        if forges {
            return Err(WebRefusal::Bad("cet en-tête n’est admis que du mandataire".to_owned()));
        }
        Ok(Self { address: peer, certificate: None })
    }
}

/// The last address that no proxy of ours wrote of itself: what stands before it may be invented.
fn visitor(proxy: &Proxy, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let values = headers.get_all(proxy.address_header.as_str()).iter().filter_map(|value| value.to_str().ok());
    let named: Vec<&str> = values.flat_map(|value| value.split(',')).map(str::trim).collect();
    for name in named.into_iter().rev() {
        let Some(address) = address(name) else { return peer };
        if !proxy.trusted.contains(&address) {
            return address;
        }
    }
    peer
}

fn address(name: &str) -> Option<IpAddr> {
    let plain = name.parse().ok().or_else(|| name.trim_matches(['[', ']']).parse().ok());
    plain.or_else(|| name.parse::<SocketAddr>().ok().map(|socket| socket.ip())).map(|ip: IpAddr| ip.to_canonical())
}

fn certificate(proxy: &Proxy, headers: &HeaderMap) -> Result<Option<String>, WebRefusal> {
    let Some(name) = &proxy.certificate_header else { return Ok(None) };
    let Ok(name) = HeaderName::try_from(name.as_str()) else { return Ok(None) };
    let mut values = headers.get_all(name).iter();
    let unreadable = || WebRefusal::Bad("certificat client illisible".to_owned());
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(unreadable());
    }
    let text = value.to_str().map_err(|_| unreadable())?.trim();
    if text.is_empty() {
        return Ok(None);
    }
    match proxy.certificate_format {
        CertificateFormat::Dn => Ok(Some(same(text))),
        CertificateFormat::Pem => subject(text).map(Some).ok_or_else(unreadable),
    }
}

fn subject(encoded: &str) -> Option<String> {
    let pem = percent_decode_str(encoded).decode_utf8().ok()?;
    let der = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
    Some(same(&Certificate::read(&der)?.subject.to_string()))
}

/// A DN in the form in which two are compared: without the blanks that some write around its separators.
pub(super) fn same(dn: &str) -> String {
    let mut form = String::with_capacity(dn.len());
    let mut escaped = false;
    for character in dn.trim().chars() {
        let after_separator = form.ends_with([',', '=', '+']) && !form.ends_with("\\,");
        if character == ' ' && after_separator && !escaped {
            continue;
        }
        if matches!(character, ',' | '+') && !escaped {
            form.truncate(form.trim_end_matches(' ').len());
        }
        escaped = character == '\\' && !escaped;
        form.push(character);
    }
    form
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy() -> Proxy {
        let text =
            "trusted = [\"127.0.0.1\", \"10.0.0.1\"]\ncertificate_header = \"X-Cert\"\ncertificate_format = \"dn\"";
        toml::from_str(text).unwrap()
    }

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(*name, value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn the_visitor_is_the_last_address_that_nobody_of_ours_wrote() {
        let found = |forwarded| visitor(&proxy(), [127, 0, 0, 1].into(), &headers(&[("x-forwarded-for", forwarded)]));
        assert_eq!(found("203.0.113.9"), IpAddr::from([203, 0, 113, 9]));
        assert_eq!(found("1.2.3.4, 203.0.113.9, 10.0.0.1"), IpAddr::from([203, 0, 113, 9]));
        assert_eq!(found("1.2.3.4, inconnu"), IpAddr::from([127, 0, 0, 1]));
        assert_eq!(found(""), IpAddr::from([127, 0, 0, 1]));
        assert_eq!(found("203.0.113.9:443"), IpAddr::from([203, 0, 113, 9]));
    }

    #[test]
    fn names_are_compared_without_blanks_around_separators() {
        assert_eq!(same("CN=a b, O = GCS ,C=FR"), "CN=a b,O =GCS,C=FR");
        assert_eq!(same("CN=Lits\\, SA,C=FR"), "CN=Lits\\, SA,C=FR");
        assert_eq!(same(" CN=a,C=FR "), same("CN=a, C=FR"));
    }
}
