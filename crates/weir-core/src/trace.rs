//! From the trace header of Lambda to W3C's.

/// The W3C `traceparent` for an X-Ray trace header (`Root=1-{8 hex}-{24 hex};Parent={16 hex};Sampled=1`), as
/// Lambda gives it to each invocation; `None` if that names no trace or no parent.
pub fn traceparent(xray: &str) -> Option<String> {
    let field = |name: &str| xray.split(';').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
    let hex = |text: &&str, len| text.len() == len && text.bytes().all(|b| b.is_ascii_hexdigit());
    let (time, random) = field("Root")?.strip_prefix("1-")?.split_once('-')?;
    let parent = field("Parent")?;
    if !(hex(&time, 8) && hex(&random, 24) && hex(&parent, 16)) {
        return None;
    }
    let sampled = u8::from(field("Sampled") == Some("1"));
    Some(format!("00-{time}{random}-{parent}-0{sampled}").to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_x_ray_header_becomes_a_traceparent() {
        assert_eq!(
            traceparent("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1").as_deref(),
            Some("00-5759e988bd862e3fe1be46a994272793-53995c3f42cd8ad8-01")
        );
        for text in ["", "Root=1-5759e988-bd862e3fe1be46a994272793", "Root=1-x-y;Parent=z", "Parent=53995c3f42cd8ad8"] {
            assert_eq!(traceparent(text), None, "{text}");
        }
    }
}
