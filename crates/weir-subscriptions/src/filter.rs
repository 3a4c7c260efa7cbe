//! Filters in Shopify's search syntax, as far as one must read them: `variants.price:>=10 AND NOT (status:draft OR vendor:"A B")`.
//!
//! Shopify takes a filter with a field that the payload does not have, and then delivers nothing, without a word.

/// A filter that was understood.
#[derive(Debug, Clone)]
pub struct Filter {
    tokens: Vec<Token>,
}

/// The most bytes of a filter.
const MOST_BYTES: usize = 65_535;

/// What is wrong with a filter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// Nothing in it.
    #[error("it is empty: leave it out")]
    Empty,
    /// More than Shopify takes.
    #[error("it has {0} bytes, and Shopify takes {MOST_BYTES}")]
    TooLong(usize),
    /// A quotation mark without its partner.
    #[error("a quotation mark is not closed")]
    Quote,
    /// Parentheses that do not match, or too many of them.
    #[error("its parentheses do not match")]
    Parenthesis,
    /// A word without a field.
    #[error("{0:?} has no field: write field:value")]
    NoField(String),
    /// A field that can't be one.
    #[error("{0:?} can't be the name of a field")]
    Field(String),
    /// A field without a value.
    #[error("field {0:?} has no value")]
    NoValue(String),
    /// Something else should stand there.
    #[error("{0} must stand between two conditions")]
    Dangling(&'static str),
}

/// Equal in meaning if equal: blanks are gone, `AND` is spelled out.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    And,
    Or,
    Not,
    Condition { field: String, value: String },
}

/// Filters that say the same in other blanks are equal.
impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.tokens == other.tokens
    }
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        if text.len() > MOST_BYTES {
            return Err(FilterError::TooLong(text.len()));
        }
        let mut tokens = Vec::new();
        let mut rest = text.trim_start();
        while let Some(first) = rest.chars().next() {
            let (token, after) = match first {
                '(' => (Token::Open, &rest[1..]),
                ')' => (Token::Close, &rest[1..]),
                '-' => (Token::Not, &rest[1..]),
                _ => word(rest)?,
            };
            // Two conditions side by side mean AND.
            let begins = !matches!(token, Token::Close | Token::And | Token::Or);
            if begins && matches!(tokens.last(), Some(Token::Close | Token::Condition { .. })) {
                tokens.push(Token::And);
            }
            tokens.push(token);
            rest = after.trim_start();
        }
        in_order(&tokens)?;
        Ok(Self { tokens })
    }

    /// The fields that it asks for, each once.
    #[must_use]
    pub fn fields(&self) -> Vec<&str> {
        let mut fields: Vec<&str> = Vec::new();
        for token in &self.tokens {
            match token {
                Token::Condition { field, .. } if !fields.contains(&field.as_str()) => fields.push(field),
                _ => {}
            }
        }
        fields
    }
}

/// `AND`, `OR`, `NOT` or `field:value`, and what comes after.
fn word(text: &str) -> Result<(Token, &str), FilterError> {
    let end = text.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | ':' | '"' | '\'')).unwrap_or(text.len());
    let (field, after) = text.split_at(end);
    let Some(value) = after.strip_prefix(':') else {
        return match field {
            "AND" => Ok((Token::And, after)),
            "OR" => Ok((Token::Or, after)),
            "NOT" => Ok((Token::Not, after)),
            "" => Err(FilterError::NoField(first_word(text))),
            _ => Err(FilterError::NoField(field.to_owned())),
        };
    };
    let part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-$".contains(&b));
    if !field.split('.').all(part) {
        return Err(FilterError::Field(field.to_owned()));
    }
    let bare = value.trim_start_matches(['>', '<', '=']);
    let (comparison, value) = value.split_at(value.len() - bare.len());
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
    let (value, after) = match quote {
        Some(quote) => {
            let end = value[1..].find(quote).ok_or(FilterError::Quote)? + 1;
            (&value[1..end], &value[end + 1..])
        }
        None => {
            value.split_at(value.find(|c: char| c.is_whitespace() || matches!(c, '(' | ')')).unwrap_or(value.len()))
        }
    };
    if value.is_empty() {
        return Err(FilterError::NoValue(field.to_owned()));
    }
    Ok((Token::Condition { field: field.to_owned(), value: format!("{comparison}{value}") }, after))
}

fn first_word(text: &str) -> String {
    text.split_whitespace().next().unwrap_or_default().chars().take(40).collect()
}

/// Whether conditions and what joins them alternate, and each parenthesis has its partner.
fn in_order(tokens: &[Token]) -> Result<(), FilterError> {
    let (mut depth, mut wants_condition) = (0_usize, true);
    for token in tokens {
        match (token, wants_condition) {
            (Token::Open, true) => depth += 1,
            (Token::Not, true) => {}
            (Token::Condition { .. }, true) => wants_condition = false,
            (Token::Close, false) => depth = depth.checked_sub(1).ok_or(FilterError::Parenthesis)?,
            (Token::And | Token::Or, false) => wants_condition = true,
            (Token::And, true) => return Err(FilterError::Dangling("AND")),
            (Token::Or, true) => return Err(FilterError::Dangling("OR")),
            // A condition that follows one has got its AND.
            (Token::Close, true) | (_, false) => return Err(FilterError::Parenthesis),
        }
    }
    match tokens.last() {
        None => Err(FilterError::Empty),
        Some(Token::And) => Err(FilterError::Dangling("AND")),
        Some(Token::Or) => Err(FilterError::Dangling("OR")),
        Some(Token::Not) => Err(FilterError::NoField("NOT".to_owned())),
        _ if depth > 0 => Err(FilterError::Parenthesis),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_fields_of_a_filter_are_found_each_once() {
        let filter = "variants.price:>=10.00 AND NOT (status:draft OR -vendor:\"A B\") status:'x y' updated_at:>2026-01-01T00:00:00Z";
        let filter = Filter::parse(filter).unwrap();
        assert_eq!(filter.fields(), ["variants.price", "status", "vendor", "updated_at"]);
    }

    #[test]
    fn blanks_and_a_spelled_out_and_make_no_difference() {
        let one = Filter::parse("a:1 b:\"2\"").unwrap();
        assert_eq!(one, Filter::parse("  a:1   AND b:2 ").unwrap());
        for other in ["a:1 OR b:2", "a:1 b:3", "a:>1 b:2", "NOT a:1 b:2", "b:2 a:1"] {
            assert_ne!(one, Filter::parse(other).unwrap(), "{other}");
        }
    }

    #[test]
    fn invalid_filter_is_reported() {
        for (text, error) in [
            ("", FilterError::Empty),
            ("  ", FilterError::Empty),
            ("paid", FilterError::NoField("paid".into())),
            ("a:1 AND paid", FilterError::NoField("paid".into())),
            ("\"a b\":1", FilterError::NoField("\"a".into())),
            ("a..b:1", FilterError::Field("a..b".into())),
            (":1", FilterError::Field(String::new())),
            ("a:", FilterError::NoValue("a".into())),
            ("a:>", FilterError::NoValue("a".into())),
            ("a:\"x", FilterError::Quote),
            ("(a:1", FilterError::Parenthesis),
            ("a:1)", FilterError::Parenthesis),
            ("()", FilterError::Parenthesis),
            ("a:1 AND", FilterError::Dangling("AND")),
            ("OR a:1", FilterError::Dangling("OR")),
            ("a:1 AND OR b:1", FilterError::Dangling("OR")),
            ("a:1 NOT", FilterError::NoField("NOT".into())),
        ] {
            assert_eq!(Filter::parse(text).unwrap_err(), error, "{text:?}");
        }
    }

    #[test]
    fn filter_above_64_kilobytes_is_refused() {
        let text = format!("id:{}", "1".repeat(65_532));
        assert!(Filter::parse(&text).is_ok());
        assert_eq!(Filter::parse(&format!("{text}1")).unwrap_err(), FilterError::TooLong(65_536));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in r#"[-a-z.:>"' ()ANDOR]{0,40}|\PC{0,20}"#) {
            if let Ok(filter) = Filter::parse(&text) {
                prop_assert!(!filter.fields().is_empty());
            }
        }
    }
}
