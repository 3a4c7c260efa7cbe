//! What Shopify has against an address, by its kind.

use std::net::{IpAddr, Ipv4Addr};

use super::Form;

/// The most bytes of an address.
const MOST_BYTES: usize = 65_535;

/// The field that is wrong, and what is wrong with it.
type Fault = (&'static str, String);

/// What is wrong with an address, which is trimmed; `client` is the app's id, which the ARN of its event source carries.
pub(super) fn faults(uri: &str, form: Form, client: u64) -> Vec<Fault> {
    let field = if form == Form::EventBridge { "arn" } else { "callbackUrl" };
    let all = |messages: &[&str]| messages.iter().map(|message| (field, format!("Address {message}"))).collect();
    if uri.is_empty() {
        return all(&["can't be blank"]);
    }
    if uri.len() > MOST_BYTES {
        return all(&["is too big (maximum is 64 KB)"]);
    }
    if form == Form::PubSub {
        return pubsub_parts(uri);
    }
    if let Some(rest) = uri.strip_prefix("pubsub://") {
        let parts = rest.split_once(':').filter(|(project, topic)| !project.is_empty() && !topic.is_empty());
        return match parts {
            None => all(&[
                "protocol pubsub:// is not supported",
                "is not a valid GCP pub/sub format. Format should be pubsub://project:topic",
            ]),
            Some((project, _)) if !is_project(project) => all(&["is invalid", "is not a valid GCP project id."]),
            Some((_, topic)) if !is_topic(topic) => all(&["is invalid", "is not a valid GCP topic id."]),
            Some(_) => Vec::new(),
        };
    }
    if uri.starts_with("arn:") || form == Form::EventBridge {
        return match source_client(uri) {
            None => all(&["is invalid", "is not a valid AWS ARN"]),
            Some(id) if id != client.to_string() => {
                let other = format!("is an AWS ARN and includes api_client_id '{id}' instead of '{client}'");
                all(&["is invalid", &other])
            }
            Some(_) => Vec::new(),
        };
    }
    let Some((scheme, _)) = uri.split_once("://") else { return all(&["is invalid"]) };
    let is_scheme = scheme.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    match scheme {
        "https" => match host(uri) {
            None => all(&["is invalid"]),
            Some(host) if is_internal(&host) => all(&["cannot be a Shopify or an internal domain"]),
            Some(_) => Vec::new(),
        },
        // Where the simulator itself lives: it delivers to this machine, which Shopify could not.
        "http" if host(uri).is_some_and(|host| host == "127.0.0.1") => Vec::new(),
        "kafka" => all(&["protocol kafka:// is not supported", "is not a valid kafka topic"]),
        _ if is_scheme => all(&[&format!("protocol {scheme}:// is not supported")]),
        _ => all(&["is invalid"]),
    }
}

/// The older mutation names project and topic apart, and is told of each.
fn pubsub_parts(uri: &str) -> Vec<Fault> {
    let parts = uri.strip_prefix("pubsub://").and_then(|rest| rest.split_once(':'));
    let (project, topic) = parts.unwrap_or_default();
    let mut faults = Vec::new();
    if !is_project(project) {
        faults.push(("pubSubProject", "Google Cloud Pub/Sub project ID is not valid".to_owned()));
    }
    if !is_topic(topic) {
        faults.push(("pubSubTopic", "Google Cloud Pub/Sub topic ID is not valid".to_owned()));
    }
    faults
}

/// A project's number, or its id: 6 to 30 lower-case letters, digits and hyphens, from a letter to no hyphen.
fn is_project(text: &str) -> bool {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return true;
    }
    (6..=30).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        && text.starts_with(|letter: char| letter.is_ascii_lowercase())
        && !text.ends_with('-')
}

/// Google's rule: 3 to 255 characters from a letter on, and not `goog`.
fn is_topic(text: &str) -> bool {
    (3..=255).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~+%".contains(&byte))
        && text.starts_with(|letter: char| letter.is_ascii_alphabetic())
        && !text.starts_with("goog")
}

/// The app's id in the ARN of a partner's event source; `None` if it is no such ARN.
fn source_client(arn: &str) -> Option<&str> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", "aws", "events", region, "", resource] = parts[..] else { return None };
    let words: Vec<&str> = region.split('-').collect();
    let is_region = words.len() >= 3
        && words.iter().all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        && words[words.len() - 1].bytes().all(|byte| byte.is_ascii_digit());
    let rest = resource.strip_prefix("event-source/aws.partner/shopify.com")?;
    let rest = rest.strip_prefix(".test").unwrap_or(rest).strip_prefix('/')?;
    let (id, name) = rest.split_once('/')?;
    let whole = is_region && !name.is_empty() && !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    whole.then_some(id)
}

/// The host of a URL, lower case; `None` if it has none or is no URL.
fn host(uri: &str) -> Option<String> {
    // A parser of URLs would take the path for the host where there is none.
    if uri.contains(char::is_whitespace) || uri.contains(":///") {
        return None;
    }
    let url = reqwest::Url::parse(uri).ok()?;
    url.host_str().filter(|host| !host.is_empty()).map(str::to_lowercase)
}

/// Shopify's own hosts, and what can't be reached from outside.
fn is_internal(host: &str) -> bool {
    const ZONES: [&str; 8] = [
        "shopify.com",
        "myshopify.com",
        "myshopify.dev",
        "shopifypreview.com",
        "shopifycloud.com",
        "localhost",
        "local",
        "internal",
    ];
    if ZONES.into_iter().any(|zone| host.strip_suffix(zone).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
    {
        return true;
    }
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => is_private(address),
        Ok(IpAddr::V6(address)) => {
            let first = address.segments()[0];
            let local = address.is_loopback() || address.is_unspecified();
            local || (first & 0xfe00) == 0xfc00 || (first & 0xffc0) == 0xfe80
        }
        Err(_) => false,
    }
}

fn is_private(address: Ipv4Addr) -> bool {
    address.is_loopback() || address.is_private() || address.is_link_local() || address.octets()[0] == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: u64 = 1234;

    #[track_caller]
    fn check(uri: &str, expected: &[&str]) {
        let messages: Vec<String> = faults(uri, Form::Uri, CLIENT).into_iter().map(|(_, message)| message).collect();
        let expected: Vec<String> = expected.iter().map(|message| format!("Address {message}")).collect();
        assert_eq!(messages, expected, "{:.80}", uri);
    }

    #[test]
    fn https_address_needs_a_host_that_can_be_reached() {
        check("https://example.com/webhooks?a=b", &[]);
        check("https://8.8.8.8:8443/", &[]);
        check("https://myshopify.com.example.com/", &[]);
        for uri in ["https://", "https:///path", "https://a b.example/", "example.com/hook", "hook", "://x", "9x://y"] {
            check(uri, &["is invalid"]);
        }
        for host in [
            "shopify.com",
            "a.Shopify.com",
            "x.myshopify.com",
            "localhost:1234",
            "db.internal",
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "[::1]",
            "[fd00::1]",
        ] {
            check(&format!("https://{host}/"), &["cannot be a Shopify or an internal domain"]);
        }
    }

    #[test]
    fn other_protocol_is_refused_by_name() {
        check("http://example.com/", &["protocol http:// is not supported"]);
        check("http://127.0.0.1:4577/hook", &[]);
        check("ftp://example.com/", &["protocol ftp:// is not supported"]);
        check("kafka://broker/topic", &["protocol kafka:// is not supported", "is not a valid kafka topic"]);
        check("", &["can't be blank"]);
    }

    #[test]
    fn address_above_64_kilobytes_is_refused() {
        let long = format!("https://example.com/{}", "a".repeat(65_535 - 20));
        check(&long, &[]);
        check(&format!("{long}a"), &["is too big (maximum is 64 KB)"]);
    }

    #[test]
    fn pub_sub_address_needs_project_and_topic() {
        let format = "is not a valid GCP pub/sub format. Format should be pubsub://project:topic";
        for uri in ["pubsub://project", "pubsub://:topic", "pubsub://project:", "pubsub://"] {
            check(uri, &["protocol pubsub:// is not supported", format]);
        }
        for project in ["-bad-project", "short", "Upper-case", "ends-with-", "1starts-with-digit", "under_score"] {
            check(&format!("pubsub://{project}:topic"), &["is invalid", "is not a valid GCP project id."]);
        }
        for topic in ["1topic", "ab", "goog-prefixed", "has space", "a/b"] {
            check(&format!("pubsub://my-project:{topic}"), &["is invalid", "is not a valid GCP topic id."]);
        }
        for good in ["pubsub://my-project:orders", "pubsub://123456789012:orders", "pubsub://my-project:a%25b~c.d"] {
            check(good, &[]);
        }
    }

    #[test]
    fn event_source_arn_has_to_be_the_apps_own() {
        let arn = |id: &str| format!("arn:aws:events:us-east-1::event-source/aws.partner/shopify.com/{id}");
        check(&arn("1234/orders"), &[]);
        check("arn:aws:events:us-gov-west-1::event-source/aws.partner/shopify.com.test/1234/orders", &[]);
        let other = "is an AWS ARN and includes api_client_id '1' instead of '1234'";
        check(&arn("1/orders"), &["is invalid", other]);
        for bad in [arn("1234"), arn("1234/"), arn("x/orders"), "arn:aws:events:bogus".to_owned()] {
            check(&bad, &["is invalid", "is not a valid AWS ARN"]);
        }
        for bad in ["arn:aws:sqs:us-east-1:1:queue", "arn:aws:events:us-east-1:1:event-bus/default", "arn:"] {
            check(bad, &["is invalid", "is not a valid AWS ARN"]);
        }
    }

    #[test]
    fn older_mutations_name_the_part_that_is_wrong() {
        let fields =
            |uri: &str, form| faults(uri, form, CLIENT).into_iter().map(|(field, _)| field).collect::<Vec<_>>();
        assert_eq!(fields("pubsub://-bad:1topic", Form::PubSub), ["pubSubProject", "pubSubTopic"]);
        assert_eq!(fields("pubsub://my-project:1topic", Form::PubSub), ["pubSubTopic"]);
        assert_eq!(fields("https://example.com", Form::EventBridge), ["arn", "arn"]);
    }
}
