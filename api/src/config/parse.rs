//! Values of the kinds that several settings share.

use std::{net::IpAddr, time::Duration};

use ipnet::IpNet;
use url::{Host, Url};
use uuid::Uuid;

use super::reader::Parsed;

pub(super) fn boolean(text: &str) -> Parsed<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err("is neither true nor false; give one of the two"),
    }
}

/// An id as the portal shows it; all zeros is somebody's placeholder.
pub(super) fn guid(text: &str) -> Parsed<Uuid> {
    Uuid::try_parse(text)
        .ok()
        .filter(|id| !id.is_nil())
        .ok_or("is not a GUID; copy the id from the Entra admin center")
}

/// A domain name with a dot in it, lower case.
pub(super) fn domain(text: &str) -> Parsed<String> {
    let name = text.to_ascii_lowercase();
    let mut labels = name.split('.');
    let is_name = labels.clone().count() > 1
        && name.len() <= 253
        && labels.clone().all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.chars().all(|character| character.is_ascii_alphanumeric() || character == '-')
        });
    // What ends in a number is an IP address, or a mistake.
    let is_number = labels.next_back().is_some_and(|last| last.chars().all(|digit| digit.is_ascii_digit()));
    if is_name && !is_number { Ok(name) } else { Err("is not a domain name; give one such as contoso.com") }
}

/// An e-mail address, lower case.
pub(super) fn email(text: &str) -> Parsed<String> {
    let is_address = text.split_once('@').is_some_and(|(name, domain)| {
        !name.is_empty() && !domain.is_empty() && !domain.contains('@') && !text.contains(char::is_whitespace)
    });
    if is_address {
        Ok(text.to_lowercase())
    } else {
        Err("is not an e-mail address; give one such as name@contoso.com")
    }
}

/// A number with its unit.
pub(super) fn duration(text: &str) -> Parsed<Duration> {
    const REFUSAL: &str = "is not a duration; give a whole number with a unit: ms, s, m, h or d, such as 30s";
    let digits = text.find(|character: char| !character.is_ascii_digit()).ok_or(REFUSAL)?;
    let (number, unit) = text.split_at_checked(digits).ok_or(REFUSAL)?;
    let number: u64 = number.parse().map_err(|_| REFUSAL)?;
    let seconds = match unit.trim_start() {
        "ms" => return Ok(Duration::from_millis(number)),
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err(REFUSAL),
    };
    number.checked_mul(seconds).map(Duration::from_secs).ok_or(REFUSAL)
}

/// One address, or a network in CIDR form.
pub(super) fn network(text: &str) -> Parsed<IpNet> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map(|network| network.trunc())
        .map_err(|_| "is neither an IP address nor a network; give one such as 10.0.0.7 or 10.0.0.0/8")
}

/// Scheme, host and port of an https URL; http is for loopback only, where nobody listens on the way.
pub(super) fn origin(text: &str) -> Parsed<Url> {
    let url = Url::parse(text)
        .ok()
        .filter(Url::has_host)
        .ok_or("is not a URL; give scheme and host, such as https://tenantry.example.com")?;
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => return Err("is http, which is for loopback hosts only; give an https URL"),
        _ => return Err("is neither an http nor an https URL; give an https URL"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds credentials; leave them out");
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err("has more than scheme, host and port; leave the rest out");
    }
    Ok(url)
}

pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_truth_is_a_word_or_a_digit() {
        assert_eq!(boolean("True"), Ok(true));
        assert_eq!(boolean("0"), Ok(false));
        assert!(boolean("yes please").is_err());
    }

    #[test]
    fn a_guid_is_not_a_placeholder() {
        assert!(guid("62e90394-69f5-4237-9190-012177145e10").is_ok());
        assert!(guid("00000000-0000-0000-0000-000000000000").is_err());
        assert!(guid("your-client-id").is_err());
    }

    #[test]
    fn a_domain_has_a_dot_and_no_odd_letters() {
        assert_eq!(domain("Contoso.onMicrosoft.com").as_deref(), Ok("contoso.onmicrosoft.com"));
        for wrong in
            ["contoso", "contoso..com", "-contoso.com", "a b.com", "@contoso.com", "10.0.0.1", "ü.de", ""]
        {
            assert!(domain(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_has_both_its_sides() {
        assert_eq!(email("Ada@Contoso.com").as_deref(), Ok("ada@contoso.com"));
        for wrong in ["ada", "@contoso.com", "ada@", "a@b@c", "a da@contoso.com"] {
            assert!(email(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_duration_names_its_unit() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("15 m"), Ok(Duration::from_mins(15)));
        assert_eq!(duration("7d"), Ok(Duration::from_hours(7 * 24)));
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        for wrong in ["30", "s", "-1s", "1.5h", "1h30m", "9999999999999999999d", "30 seconds", ""] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_network_may_be_one_address() {
        assert_eq!(network("10.1.2.3").map(|net| net.to_string()).as_deref(), Ok("10.1.2.3/32"));
        assert_eq!(network("10.1.2.3/8").map(|net| net.to_string()).as_deref(), Ok("10.0.0.0/8"));
        assert!(network("fd00::/8").is_ok());
        assert!(network("10.0.0.0/33").is_err());
        assert!(network("proxy.internal").is_err());
    }

    #[test]
    fn an_origin_is_https_but_on_loopback_and_nothing_more() {
        for right in ["https://a.example/", "http://localhost:4000", "http://127.0.0.1:1", "http://[::1]:1"] {
            assert!(origin(right).is_ok(), "{right}");
        }
        for wrong in [
            "a.example",
            "http://a.example",
            "ftp://a.example",
            "https://user@a.example",
            "https://a.example/path",
            "https://a.example?query",
            "http://localhost.example",
        ] {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
    }
}
