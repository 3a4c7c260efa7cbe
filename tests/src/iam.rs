//! IAM's rules, as far as the template's roles use them: what a role allows, and whether that covers a request.
//!
//! Roles here only allow; nothing is denied by name, and no statement has a condition. A statement that has anything else is
//! a panic: it would be judged wrongly.

use std::{collections::BTreeMap, fmt};

use serde_json::Value;

/// One action on one resource: what a request needs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Need {
    /// `dynamodb:Query`
    pub action: String,
    /// `arn:aws:dynamodb:us-east-1:000000000000:table/ledger/index/by_unsettled`
    pub resource: String,
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.action, self.resource)
    }
}

/// A statement of a role, with its resources spelled out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its `Sid`.
    pub name: String,
    actions: Vec<String>,
    resources: Vec<String>,
}

impl Statement {
    /// Whether it covers a request.
    pub fn allows(&self, need: &Need) -> bool {
        let (action, resource) = (&need.action, &need.resource);
        // IAM compares actions without regard to case, and resources with it.
        self.actions.iter().any(|one| matches(&one.to_ascii_lowercase(), &action.to_ascii_lowercase()))
            && self.resources.iter().any(|one| matches(one, resource))
    }

    /// Each action on each resource, as a statement of its own.
    pub fn pairs(&self) -> Vec<Self> {
        let pair = |action: &String, resource: &String| Self {
            name: self.name.clone(),
            actions: vec![action.clone()],
            resources: vec![resource.clone()],
        };
        self.actions
            .iter()
            .flat_map(|action| self.resources.iter().map(move |resource| pair(action, resource)))
            .collect()
    }

    /// Whether it allows this action on something.
    pub fn names(&self, action: &str) -> bool {
        self.actions.iter().any(|one| one == action)
    }
}

impl fmt::Display for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} on {}", self.name, self.actions.join(", "), self.resources.join(", "))
    }
}

/// IAM's wildcards: `*` is any text, `?` any character.
fn matches(pattern: &str, text: &str) -> bool {
    let mut characters = pattern.chars();
    match characters.next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = characters.as_str();
            text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| matches(rest, &text[at..]))
        }
        Some(wanted) => {
            let mut left = text.chars();
            left.next().is_some_and(|found| wanted == '?' || wanted == found)
                && matches(characters.as_str(), left.as_str())
        }
    }
}

/// Template and stack together: what a role's resources are called in the stack.
pub struct Resolver<'a> {
    /// `template.yaml`.
    pub template: &'a Value,
    /// The name of the stack.
    pub stack: &'a str,
    /// What `!Ref` gives for each logical name, as far as it is known.
    pub names: BTreeMap<String, String>,
    /// The conditions that the stack's parameters fulfil.
    pub conditions: &'a [&'a str],
}

const PARTITION: &str = "aws";
const ACCOUNT: &str = "000000000000";

impl Resolver<'_> {
    /// All statements of a function's role: its own, those of the policies that it names, and those of policies that
    /// name it, if their condition is fulfilled.
    ///
    /// # Panics
    /// If the template has another shape.
    pub fn statements(&self, function: &str) -> Vec<Statement> {
        let resources = &self.template["Resources"];
        let role = logical(&resources[function]["Properties"]["Role"]);
        let properties = &resources[&role]["Properties"];
        let mut documents: Vec<&Value> =
            properties["Policies"].as_array().into_iter().flatten().map(|one| &one["PolicyDocument"]).collect();
        for managed in properties["ManagedPolicyArns"].as_array().into_iter().flatten() {
            documents.push(&resources[logical(managed)]["Properties"]["PolicyDocument"]);
        }
        for (_, policy) in resources.as_object().into_iter().flatten() {
            let names_it = || list(&policy["Properties"]["Roles"]).iter().any(|one| one["Ref"] == role.as_str());
            let is_there = policy["Condition"].as_str().is_none_or(|name| self.conditions.contains(&name));
            if policy["Type"] == "AWS::IAM::Policy" && is_there && names_it() {
                documents.push(&policy["Properties"]["PolicyDocument"]);
            }
        }
        documents.iter().flat_map(|document| list(&document["Statement"])).map(|one| self.statement(one)).collect()
    }

    fn statement(&self, statement: &Value) -> Statement {
        let known = ["Sid", "Effect", "Action", "Resource"];
        let fields = statement.as_object().into_iter().flatten().map(|(name, _)| name.as_str());
        let others: Vec<&str> = fields.filter(|name| !known.contains(name)).collect();
        assert!(others.is_empty() && statement["Effect"] == "Allow", "this has to be learned: {statement}");
        let text = |value: &Value| value.as_str().map(str::to_owned);
        Statement {
            name: text(&statement["Sid"]).unwrap_or_default(),
            actions: list(&statement["Action"]).into_iter().filter_map(text).collect(),
            resources: list(&statement["Resource"]).into_iter().map(|one| self.text(one)).collect(),
        }
    }

    /// A text of the template, its functions carried out. What is not known of the stack stays as it is spelled, and is
    /// equal to no resource.
    pub fn text(&self, value: &Value) -> String {
        if let Some(text) = value.as_str() {
            return text.to_owned();
        }
        if let Some(name) = value["Ref"].as_str() {
            return self.reference(name);
        }
        if let Some(name) = value["Fn::GetAtt"].as_str() {
            return self.reference(name);
        }
        if let Some([Value::String(name), Value::String(attribute)]) = value["Fn::GetAtt"].as_array().map(Vec::as_slice)
        {
            return self.reference(&format!("{name}.{attribute}"));
        }
        let Some(mut rest) = value["Fn::Sub"].as_str() else { return format!("unknown {value}") };
        let mut text = String::new();
        while let Some((before, after)) = rest.split_once("${") {
            let (name, left) = after.split_once('}').unwrap_or((after, ""));
            text.push_str(before);
            text.push_str(&self.reference(name));
            rest = left;
        }
        text + rest
    }

    fn reference(&self, name: &str) -> String {
        match name {
            "AWS::Partition" => PARTITION.to_owned(),
            "AWS::Region" => weir_local::REGION.to_owned(),
            "AWS::AccountId" => ACCOUNT.to_owned(),
            "AWS::StackName" => self.stack.to_owned(),
            _ => match name.split_once('.') {
                Some((id, "Arn")) => self.arn(id),
                _ => self.named(name).unwrap_or_else(|| format!("unknown {name}")),
            },
        }
    }

    /// What `!Ref` gives on AWS: of a secret the ARN, where the emulator gives the name.
    fn named(&self, id: &str) -> Option<String> {
        let name = self.names.get(id)?;
        let is_secret = self.template["Resources"][id]["Type"] == "AWS::SecretsManager::Secret";
        Some(if is_secret { arn_of_secret(name) } else { name.clone() })
    }

    fn arn(&self, id: &str) -> String {
        let Some(name) = self.names.get(id) else { return format!("unknown {id}.Arn") };
        match self.template["Resources"][id]["Type"].as_str() {
            Some("AWS::DynamoDB::Table") => arn("dynamodb", &format!("table/{name}")),
            Some("AWS::SQS::Queue") => arn("sqs", name.rsplit('/').next().unwrap_or_default()),
            Some("AWS::S3::Bucket") => format!("arn:{PARTITION}:s3:::{name}"),
            Some("AWS::Events::EventBus") => arn("events", &format!("event-bus/{name}")),
            _ => format!("unknown {id}.Arn"),
        }
    }
}

/// The ARN of something in the stack's region and account.
pub(crate) fn arn(service: &str, resource: &str) -> String {
    format!("arn:{PARTITION}:{service}:{}:{ACCOUNT}:{resource}", weir_local::REGION)
}

/// The ARN of a secret, by its name or by the ARN itself. AWS adds six characters of its own to the name.
pub(crate) fn arn_of_secret(id: &str) -> String {
    if id.starts_with("arn:") { id.to_owned() } else { arn("secretsmanager", &format!("secret:{id}-AbCdEf")) }
}

fn list(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    }
}

/// The logical name that `!Ref` or `!GetAtt` gives.
#[expect(clippy::panic, reason = "a test fails by panicking")]
fn logical(value: &Value) -> String {
    let attribute = || value["Fn::GetAtt"].as_str().or_else(|| value["Fn::GetAtt"][0].as_str());
    let Some(name) = value["Ref"].as_str().or_else(attribute) else { panic!("expected !Ref or !GetAtt, not {value}") };
    name.split('.').next().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn need(action: &str, resource: &str) -> Need {
        Need { action: action.to_owned(), resource: resource.to_owned() }
    }

    fn statements() -> Vec<Statement> {
        let template = json!({ "Resources": {
            "Ledger": { "Type": "AWS::DynamoDB::Table" },
            "Queue": { "Type": "AWS::SQS::Queue" },
            "Worker": { "Properties": { "Role": { "Fn::GetAtt": "Role.Arn" } } },
            "Role": { "Properties": {
                "ManagedPolicyArns": [{ "Ref": "Shared" }],
                "Policies": [{ "PolicyDocument": { "Statement": [
                    { "Sid": "Own", "Effect": "Allow", "Action": "sqs:SendMessage", "Resource": { "Fn::GetAtt": ["Queue", "Arn"] } },
                ] } }],
            } },
            "Shared": { "Properties": { "PolicyDocument": { "Statement": [
                { "Sid": "Get", "Effect": "Allow", "Action": ["dynamodb:GetItem"], "Resource": { "Fn::GetAtt": "Ledger.Arn" } },
                { "Sid": "Query", "Effect": "Allow", "Action": "dynamodb:Query", "Resource": { "Fn::Sub": "${Ledger.Arn}/index/by_unsettled" } },
            ] } } },
            "Beside": { "Type": "AWS::IAM::Policy", "Properties": { "Roles": [{ "Ref": "Role" }], "PolicyDocument": { "Statement": [
                { "Sid": "Secret", "Effect": "Allow", "Action": "secretsmanager:Get*", "Resource": { "Fn::Sub": "arn:${AWS::Partition}:x:${AWS::StackName}/apps/*" } },
            ] } } },
            "Chosen": { "Type": "AWS::IAM::Policy", "Condition": "HasForward", "Properties": { "Roles": [{ "Ref": "Role" }], "PolicyDocument": { "Statement": [
                { "Sid": "Sign", "Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": "arn:aws:x:signs" },
            ] } } },
            "Absent": { "Type": "AWS::IAM::Policy", "Condition": "IsTraced", "Properties": { "Roles": [{ "Ref": "Role" }], "PolicyDocument": { "Statement": [
                { "Sid": "Traces", "Effect": "Allow", "Action": "xray:*", "Resource": "*" },
            ] } } },
        } });
        let names =
            BTreeMap::from([("Ledger".into(), "led".into()), ("Queue".into(), "http://x/0/stack-urgent".into())]);
        Resolver { template: &template, stack: "stack", names, conditions: &["HasForward"] }.statements("Worker")
    }

    #[test]
    fn request_is_allowed_by_action_and_resource_together() {
        let table = "arn:aws:dynamodb:us-east-1:000000000000:table/led";
        let index = format!("{table}/index/by_unsettled");
        for (need, expected) in [
            (need("dynamodb:GetItem", table), Some("Get")),
            (need("dynamodb:Query", &index), Some("Query")),
            (need("dynamodb:Query", table), None),
            (need("dynamodb:GetItem", &index), None),
            (need("dynamodb:Query", &format!("{table}/index/by_day")), None),
            (need("dynamodb:GetItem", "arn:aws:dynamodb:us-east-1:000000000000:table/led2"), None),
            (need("sqs:SendMessage", "arn:aws:sqs:us-east-1:000000000000:stack-urgent"), Some("Own")),
            (need("sqs:SendMessage", "arn:aws:sqs:us-east-1:000000000000:stack-bulk"), None),
            (need("secretsmanager:GetSecretValue", "arn:aws:x:stack/apps/default-AbCdEf"), Some("Secret")),
            (need("secretsmanager:PutSecretValue", "arn:aws:x:stack/apps/default-AbCdEf"), None),
            (need("secretsmanager:GetSecretValue", "arn:aws:x:signs"), Some("Sign")),
            (need("xray:PutTraceSegments", "*"), None),
        ] {
            let found = statements().into_iter().find(|one| one.allows(&need)).map(|one| one.name);
            assert_eq!(found.as_deref(), expected, "{need}");
        }
    }

    #[test]
    fn statement_is_as_many_pairs_as_it_has_actions_and_resources() {
        let text = |value: &str| value.to_owned();
        let whole = Statement {
            name: text("Both"),
            actions: vec![text("a:Get"), text("a:Put")],
            resources: vec![text("x"), text("y")],
        };
        let pairs: Vec<String> = whole.pairs().iter().map(ToString::to_string).collect();
        assert_eq!(pairs, ["Both: a:Get on x", "Both: a:Get on y", "Both: a:Put on x", "Both: a:Put on y"]);
        let [get_x, .., put_y] = &whole.pairs()[..] else { panic!("{pairs:?}") };
        assert!(get_x.allows(&need("a:Get", "x")) && !get_x.allows(&need("a:Get", "y")));
        assert!(put_y.names("a:Put") && !put_y.names("a:Get"));
    }

    #[test]
    fn wildcards_match_as_iams_do() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("a*", "a/b:c", true),
            ("a*c", "abcbc", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("a*", "b", false),
            ("a", "ab", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
