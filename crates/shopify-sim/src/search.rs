//! Shopify's search syntax, as far as weir uses it: `updated_at:>='2026-11-01T00:00:00Z' AND status:active`.
//! Unknown fields are passed over, as the Admin API does (it only warns).

/// What a field of the object holds, for comparing.
pub(crate) enum FieldValue<'a> {
    /// Milliseconds since 1970.
    Moment(i64),
    Number(i64),
    Text(&'a str),
    /// One of them is enough.
    Any(&'a [String]),
}

/// A parsed query: all of its terms must hold.
#[derive(Debug, Default)]
pub(crate) struct Search(Vec<Term>);

#[derive(Debug)]
struct Term {
    field: String,
    comparison: Comparison,
    value: String,
    not: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Comparison {
    Is,
    Below,
    Most,
    Above,
    Least,
}

impl Search {
    pub(crate) fn parse(text: &str) -> Self {
        let words = words(text).into_iter().filter(|word| !word.eq_ignore_ascii_case("AND"));
        Self(words.map(|word| Term::parse(&word)).collect())
    }

    /// Whether a term compares this field with what is no moment.
    pub(crate) fn bad_moment(&self, field: &str) -> bool {
        self.0.iter().any(|term| term.field == field && term.value_moment().is_none())
    }

    /// Whether an object matches; `held` gives its fields by name, and its text for words without a field (`""`).
    pub(crate) fn matches<'a>(&self, held: impl Fn(&str) -> Option<FieldValue<'a>>) -> bool {
        self.0.iter().all(|term| match held(&term.field) {
            Some(held) => term.holds(&held) != term.not,
            None => true,
        })
    }
}

impl Term {
    fn parse(word: &str) -> Self {
        let (not, word) = word.strip_prefix('-').map_or((false, word), |rest| (true, rest));
        let (field, rest) = word.split_once(':').unwrap_or(("", word));
        let signs =
            [(">=", Comparison::Least), ("<=", Comparison::Most), (">", Comparison::Above), ("<", Comparison::Below)];
        let signed = signs.iter().find_map(|(sign, comparison)| Some((*comparison, rest.strip_prefix(sign)?)));
        let (comparison, value) = signed.unwrap_or((Comparison::Is, rest));
        Self { field: field.to_owned(), comparison, value: value.trim_matches(['\'', '"']).to_owned(), not }
    }

    fn holds(&self, held: &FieldValue<'_>) -> bool {
        match held {
            FieldValue::Moment(moment) => self.value_moment().is_some_and(|value| self.compare(*moment, value)),
            FieldValue::Number(number) => self.value.parse().is_ok_and(|value| self.compare(*number, value)),
            FieldValue::Text(text) if self.field.is_empty() => text.to_lowercase().contains(&self.value.to_lowercase()),
            FieldValue::Text(text) => match self.value.strip_suffix('*') {
                Some(start) => text.to_lowercase().starts_with(&start.to_lowercase()),
                None => text.eq_ignore_ascii_case(&self.value),
            },
            FieldValue::Any(texts) => texts.iter().any(|text| text.eq_ignore_ascii_case(&self.value)),
        }
    }

    fn compare(&self, held: i64, value: i64) -> bool {
        match self.comparison {
            Comparison::Is => held == value,
            Comparison::Below => held < value,
            Comparison::Most => held <= value,
            Comparison::Above => held > value,
            Comparison::Least => held >= value,
        }
    }

    fn value_moment(&self) -> Option<i64> {
        let text = self.value.as_str();
        let moment = text.parse::<jiff::Timestamp>().ok().or_else(|| {
            let day: jiff::civil::Date = text.parse().ok()?;
            Some(day.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
        });
        moment.map(jiff::Timestamp::as_millisecond)
    }
}

/// Whether each term of a webhook filter names the field that it is about. Nothing at all is a filter, too.
pub(crate) fn all_qualified(filter: &str) -> bool {
    let mut rest = filter;
    loop {
        rest = rest.trim_start_matches(|letter: char| letter.is_whitespace() || "()".contains(letter));
        let rest_of_word =
            |text: &str| text.find(|c: char| c.is_whitespace() || "()".contains(c)).unwrap_or(text.len());
        let word = rest.strip_prefix('-').unwrap_or(rest);
        if word.is_empty() {
            return rest.is_empty();
        }
        let end = rest_of_word(word);
        if ["AND", "OR", "NOT"].iter().any(|joint| joint.eq_ignore_ascii_case(&word[..end])) {
            rest = &word[end..];
            continue;
        }
        let Some((field, value)) = word.split_once(':') else { return false };
        if field.is_empty() || field.contains(|c: char| c.is_whitespace() || "()'\"".contains(c)) {
            return false;
        }
        let value = value.trim_start_matches(['<', '>', '=']);
        let quote = value.chars().next().filter(|first| ['\'', '"'].contains(first));
        rest = match quote {
            Some(quote) => value[1..].find(quote).map_or("", |end| &value[end + 2..]),
            None => &value[rest_of_word(value)..],
        };
    }
}

/// Split at white space outside quotes; brackets are taken as white space.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for letter in text.chars() {
        match (quote, letter) {
            (None, '\'' | '"') => quote = Some(letter),
            (Some(open), _) if open == letter => quote = None,
            (None, ' ' | '\t' | '\n' | '(' | ')') => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            _ => word.push(letter),
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, expected: bool) {
        let tags = ["a b".to_owned(), "c".to_owned()];
        let matches = Search::parse(query).matches(|field| match field {
            "updated_at" => Some(FieldValue::Moment(1_700_000_000_000)),
            "id" => Some(FieldValue::Number(9_100_000_000_000_001)),
            "status" => Some(FieldValue::Text("ACTIVE")),
            "tag" => Some(FieldValue::Any(&tags)),
            "" => Some(FieldValue::Text("A blue mug")),
            _ => None,
        });
        assert_eq!(matches, expected, "{query}");
    }

    #[test]
    fn terms_are_compared_by_kind() {
        check("", true);
        check("updated_at:>='2023-11-14T22:13:20Z'", true);
        check("updated_at:>2023-11-14T22:13:20Z", false);
        check("updated_at:>2023-11-14 AND status:active", true);
        check("updated_at:<2023-11-14", false);
        check("updated_at:nonsense", false);
        check("id:>9100000000000000", true);
        check("status:act*", true);
        check("-status:active", false);
        check("tag:'a b'", true);
        check("tag:b", false);
        check("mug", true);
        check("unheard_of:1", true);
    }
}
