//! The section `Roles`: what a function may do, which becomes its role and its log group.
//!
//! Every function may write its log and its traces. Lambda looks for the latter before it turns tracing on, so that
//! statement is in the role itself: a policy beside the role may come too late.

use super::{
    block::Block,
    error::{Line, Result},
};

const FIELDS: [&str; 5] = ["Logs", "Policy", "Condition", "ManagedPolicyArns", "Statements"];

/// The role `{id}Role` and the log group `{id}Logs` of a row.
pub(super) fn resources(row: &Block) -> Result<Vec<Block>> {
    let id = row.entry()?;
    let fields = row.children();
    for field in &fields {
        if !FIELDS.contains(&field.entry()?) {
            return Err(field.head.error(format!("a role has no field {:?}: {}", field.entry()?, FIELDS.join(", "))));
        }
    }
    let field = |name: &str| fields.iter().find(|field| field.key() == Some(name));
    let required = |name: &str| field(name).ok_or_else(|| row.head.error(format!("this role lacks `{name}`")));
    let logs = required("Logs")?.text();
    let policy = field("Policy").map_or_else(|| logs.clone(), Block::text);
    let line = |text: &str| row.head.with(text);
    let condition = field("Condition").map(|field| line(&format!("    Condition: {}", field.text())));

    let mut role = vec![line("    Type: AWS::IAM::Role")];
    role.extend(condition.clone());
    role.extend([
        line("    Properties:"),
        line("      AssumeRolePolicyDocument:"),
        line("        Version: \"2012-10-17\""),
        line("        Statement:"),
        line("          - { Effect: Allow, Principal: { Service: lambda.amazonaws.com }, Action: sts:AssumeRole }"),
    ]);
    role.extend(field("ManagedPolicyArns").map(|field| line(&format!("      ManagedPolicyArns: {}", field.value()))));
    role.extend([
        line("      Policies:"),
        line(&format!("        - PolicyName: {policy}")),
        line("          PolicyDocument:"),
        line("            Version: \"2012-10-17\""),
        line("            Statement:"),
    ]);
    role.extend(statements(required("Statements")?));
    role.extend([
        line("              - Sid: WriteItsLog"),
        line("                Effect: Allow"),
        line("                Action: [logs:CreateLogStream, logs:PutLogEvents]"),
        line(&format!("                Resource: !GetAtt {id}Logs.Arn")),
        line("              - Sid: RecordTraces"),
        line("                Effect: Allow"),
        line("                Action: [xray:PutTraceSegments, xray:PutTelemetryRecords]"),
        line("                Resource: \"*\" # X-Ray knows no resources here."),
    ]);
    let mut group = vec![line("    Type: AWS::Logs::LogGroup")];
    group.extend(condition);
    group.extend([
        line("    Properties:"),
        line(&format!("      LogGroupName: !Sub \"/aws/lambda/${{AWS::StackName}}/{logs}\"")),
        line("      RetentionInDays: !Ref LogRetentionDays"),
    ]);
    let head = |kind: &str| row.head.with(format!("  {id}{kind}:"));
    Ok(vec![
        Block { comments: row.comments.clone(), head: head("Role"), body: role },
        Block { comments: Vec::new(), head: head("Logs"), body: group },
    ])
}

/// As they are written, further to the right.
fn statements(field: &Block) -> Vec<Line> {
    let level = field.body.iter().find(|line| !line.is_comment()).map_or(0, Line::indent);
    let moved = |line: &Line| line.with(format!("{:14}{}", "", line.text.get(level..).unwrap_or(line.content())));
    field.body.iter().map(moved).collect()
}
