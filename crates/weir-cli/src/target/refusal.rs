//! What to do when AWS refuses.

/// What to do about an error that AWS answered with, by what it said; `otherwise` where it is of another kind.
pub(crate) fn hint_for(said: &str, otherwise: &str) -> String {
    let any = |words: &[&str]| words.iter().any(|word| said.contains(word));
    if any(&["ExpiredToken", "expired", "InvalidGrant"]) {
        return "the credentials have expired: sign in again (`aws sso login`), then repeat the command".to_owned();
    }
    if any(&["AccessDenied", "not authorized", "AccessDeniedException"]) {
        return "these credentials may not do that: an IAM policy must allow it to whom \
                `aws sts get-caller-identity` names"
            .to_owned();
    }
    if any(&["InvalidClientTokenId", "UnrecognizedClient", "SignatureDoesNotMatch", "InvalidAccessKeyId"]) {
        return "AWS does not know these credentials: `aws sts get-caller-identity` must work first".to_owned();
    }
    otherwise.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_aws_refuses_is_told_with_what_to_do() {
        for (said, todo) in [
            (
                "service error: ExpiredTokenException: The security token included in the request is expired",
                "aws sso login",
            ),
            (
                "AccessDeniedException: User: arn:aws:iam::1:user/a is not authorized to perform: sqs:ReceiveMessage",
                "IAM",
            ),
            ("UnrecognizedClientException: The security token included in the request is invalid", "does not know"),
            ("dispatch failure: connection refused", "look there"),
        ] {
            assert!(hint_for(said, "look there").contains(todo), "{said}");
        }
    }
}
