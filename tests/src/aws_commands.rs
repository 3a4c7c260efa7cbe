//! Commands of the AWS CLI, as documents have them, and what the CLI would refuse of them.

use serde_json::{Value, json};

use crate::python::answered;

/// Why the CLI would refuse each command, by AWS's own models of its services; `None` for one that it takes.
///
/// # Panics
/// If the models can't be asked.
pub async fn aws_refusals(commands: &[Vec<String>]) -> Vec<Option<String>> {
    let answer = answered("aws_commands.py", &json!(commands)).await;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    answer.as_array().into_iter().flatten().map(text).collect()
}

/// The commands in a line of a shell, each as its words without `aws`: those in `$(…)`, too.
pub fn aws_commands(line: &str) -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    read(&mut line.chars().peekable(), &mut commands);
    commands
}

type Characters<'a> = std::iter::Peekable<std::str::Chars<'a>>;

/// Reads to the end, or to the bracket that ends a `$(…)`.
fn read(line: &mut Characters<'_>, found: &mut Vec<Vec<String>>) {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    while let Some(c) = line.next() {
        match (quote, c) {
            (Some(mark), _) if c == mark => quote = None,
            (None | Some('"'), '$') if line.next_if_eq(&'(').is_some() => {
                read(line, found);
                // Its result is not known.
                word.get_or_insert_default().push_str("${…}");
            }
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ')') => break,
            (None, '#') if word.is_none() => {
                line.by_ref().take_while(|c| *c != '\n').for_each(drop);
                end(&mut words, &mut word, found);
            }
            (None, '\\') if line.next_if_eq(&'\n').is_some() => words.extend(word.take()),
            (None, '|' | ';' | '&' | '>' | '\n') => end(&mut words, &mut word, found),
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    end(&mut words, &mut word, found);
}

/// A command ends; words that a shell has before it (`do`, `NAME=VALUE`) are not its own.
fn end(words: &mut Vec<String>, word: &mut Option<String>, found: &mut Vec<Vec<String>>) {
    words.extend(word.take());
    let ended = std::mem::take(words);
    let is_before = |word: &&String| ["do", "then", "!", "if", "while"].contains(&word.as_str()) || word.contains('=');
    let before = ended.iter().take_while(is_before).count();
    if let Some((name, own)) = ended[before..].split_first()
        && name == "aws"
    {
        found.push(own.to_vec());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &[&[&str]]) {
        assert_eq!(aws_commands(line), expected, "{line}");
    }

    #[test]
    fn commands_are_found_wherever_a_shell_would_run_them() {
        check("aws sqs list-queues   # all", &[&["sqs", "list-queues"]]);
        check("  aws x y --z 'a | b' | jq . && aws p q > f", &[&["x", "y", "--z", "a | b"], &["p", "q"]]);
        check("for q in a b; do aws x y \"N-$q\"; done", &[&["x", "y", "N-$q"]]);
        check("aws x \\\n  y", &[&["x", "y"]]);
        check("echo aws x; A=aws; weir aws", &[]);
        check("# aws x y", &[]);
        check("A=$(aws x y)\naws p q", &[&["x", "y"], &["p", "q"]]);
    }

    #[test]
    fn command_within_another_is_found_and_its_result_is_a_placeholder() {
        check(
            "aws sqs delete-queue --queue-url \"$(aws sqs get-queue-url --queue-name \"NAME-$queue\" --output text)\"",
            &[
                &["sqs", "get-queue-url", "--queue-name", "NAME-$queue", "--output", "text"],
                &["sqs", "delete-queue", "--queue-url", "${…}"],
            ],
        );
    }
}
