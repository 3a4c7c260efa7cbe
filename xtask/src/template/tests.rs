use super::{assemble, source, whole};

const LANES: &str = "Lanes:\n  urgent: { age: 5, topics: \"a, b\" }\n  bulk: { age: 12, topics: c }\n";

/// What these files make, or what is wrong with them.
fn made(files: &[(&str, &str)]) -> Result<String, String> {
    let parsed = files.iter().map(|(file, text)| source::parse(file, text)).collect::<Result<Vec<_>, _>>();
    parsed.and_then(|sources| whole(assemble::template(&sources)?)).map_err(|problem| problem.to_string())
}

#[track_caller]
fn makes(section: &str, expected: &str) {
    let text = made(&[("lanes.yaml", LANES), ("x.yaml", section)]).unwrap_or_else(|problem| panic!("{problem}"));
    assert!(text.contains(expected), "{text}\nlacks\n{expected}");
}

#[track_caller]
fn refused(section: &str, expected: &str) {
    assert_eq!(made(&[("lanes.yaml", LANES), ("x.yaml", section)]), Err(expected.to_owned()));
}

#[test]
fn entry_whose_key_names_a_lane_is_repeated_with_its_values() {
    makes(
        "Outputs:\n  # One a lane.\n  <Lane>Url: { Description: \"<lane>: <lane.topics>\", Value: !Ref <Lane>Queue }\n",
        "  # One a lane.\n  UrgentUrl: { Description: \"urgent: a, b\", Value: !Ref UrgentQueue }\n  \
         BulkUrl: { Description: \"bulk: c\", Value: !Ref BulkQueue }\n",
    );
}

#[test]
fn item_whose_first_line_names_a_lane_is_repeated() {
    makes(
        "Resources:\n  Policy:\n    Roles:\n      - !Ref Own\n      - !Ref <Lane>Role # <lane>'s\n    Other: 1\n",
        "    Roles:\n      - !Ref Own\n      - !Ref UrgentRole # urgent's\n      - !Ref BulkRole # bulk's\n    Other: 1\n",
    );
}

#[test]
fn sections_of_all_files_are_joined_below_one_head() {
    let files = [("a.yaml", "Outputs:\n  A: 1\nConditions:\n  X: 1\n"), ("b.yaml", "Outputs:\n  B: 2\n")];
    let text = made(&files).unwrap();
    assert!(text.ends_with("\nConditions:\n  X: 1\n\nOutputs:\n  A: 1\n  B: 2\n"), "{text}");
    assert!(text.starts_with("# Generated from infra/template"), "{text}");
}

#[test]
fn unknown_placeholder_is_refused_with_its_line() {
    let expected = |line| format!("x.yaml:{line}: <lame> is no placeholder: <lane>, <Lane> and <lane.COLUMN> are");
    refused("Outputs:\n  A: 1\n  B: <lame>\n", &expected(3));
    refused("Outputs:\n  <Lane>A:\n    Value: <lame>\n", &expected(3));
    refused("Outputs:\n  <lame>A: 1\n", &expected(2));
}

#[test]
fn lane_without_a_column_is_refused_with_the_line_of_its_row() {
    refused(
        "Outputs:\n  <Lane>A: <lane.color>\n",
        "lanes.yaml:2: lane urgent has no column `color`, which x.yaml:2 uses",
    );
}

#[test]
fn placeholder_where_nothing_is_repeated_is_refused() {
    refused(
        "Resources:\n  A:\n    Type: <lane>\n",
        "x.yaml:3: <lane> is used where nothing is repeated: put it into a key, or on the first line of a list's item",
    );
}

#[test]
fn logical_id_defined_twice_is_refused_with_both_lines() {
    let files = [("a.yaml", "Resources:\n  A:\n    Type: x\n"), ("b.yaml", "Resources:\n  B: 1\n  A: 2\n")];
    assert_eq!(made(&files), Err("b.yaml:3: A is defined at a.yaml:2 already".to_owned()));
    // What a row makes counts as well.
    let alarm = "  X:\n    When: Done Sum > 1 in 1 x 60 s\n    Text: t\n    First: weir, then s\n";
    refused(&format!("Resources:\n  XAlarm: 1\nAlarms:\n{alarm}"), "x.yaml:4: XAlarm is defined at x.yaml:2 already");
    refused(&format!("Alarms:\n{alarm}{alarm}"), "x.yaml:6: XAlarm is defined at x.yaml:2 already");
}

#[test]
fn lane_and_section_have_to_be_known_and_well_formed() {
    refused("Resourcen:\n  A: 1\n", "x.yaml:1: \"Resourcen\" is no section of a template, nor of its sources");
    refused("Lanes:\n  urgent: { age: 1 }\n", "x.yaml:2: lane urgent is defined at lanes.yaml:2 already");
    refused("Lanes:\n  x: 1\n", "x.yaml:2: a row of the form `name: { column: value, … }` is expected here");
    refused("Outputs:\n\tA: 1\n", "x.yaml:2: there is a tab: YAML is indented by spaces");
}

#[test]
fn section_with_a_value_of_its_own_may_appear_once() {
    let files = [("a.yaml", "Transform: x\n"), ("b.yaml", "Transform: y\n")];
    assert_eq!(made(&files), Err("b.yaml:1: Transform is defined at a.yaml:1 already".to_owned()));
}

#[test]
fn alarm_becomes_a_resource_with_its_three_part_description() {
    makes(
        "Alarms:\n  # Why.\n  <Lane>Age:\n    When: AWS/SQS Age QueueName=<Lane>Queue.QueueName Maximum > <lane.age> minutes \
         in 2 of 3 x 60 s\n    Text: \"Lane <lane>\n      waits.\"\n    First: weir status, then flood\n",
        "  # Why.\n  UrgentAgeAlarm:\n    Type: AWS::CloudWatch::Alarm\n    Properties:\n      AlarmName: !Sub \
         \"${AWS::StackName}-urgent-age\"\n      AlarmDescription: !Sub >-\n        Lane urgent waits. First: weir status \
         Runbook: docs/operations/runbook.md#flood\n      Namespace: AWS/SQS\n      MetricName: Age\n      Dimensions: \
         [{ Name: QueueName, Value: !GetAtt UrgentQueue.QueueName }]\n      Statistic: Maximum\n      Period: 60\n      \
         EvaluationPeriods: 3\n      DatapointsToAlarm: 2\n      ComparisonOperator: GreaterThanThreshold\n      \
         Threshold: 300\n      TreatMissingData: notBreaching\n",
    );
}

#[test]
fn alarm_that_is_not_whole_is_refused() {
    let row = |fields: &str| format!("Alarms:\n  X:\n    Text: t\n    First: weir, then s\n{fields}");
    refused(&row(""), "x.yaml:2: alarm X lacks `When`");
    refused(
        &row("    Colour: red\n"),
        "x.yaml:5: an alarm has no field \"Colour\": Name, Condition, When, Metrics, Text, First",
    );
    refused(&row("    When: Done > 1 in 1 x 60 s\n"), "x.yaml:5: Done lacks its statistic, such as Sum or Maximum");
    refused(&row("    When: A or B\n"), "x.yaml:5: there is no alarm A");
    refused(
        &row("    When: all > 1 in 1 x 60 s\n    Metrics:\n      - a = Done Sum\n"),
        "x.yaml:5: Metrics has no all",
    );
}

#[test]
fn file_that_is_not_listed_or_not_there_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let read = || source::read(folder.path(), "t").map(|sources| sources.len()).map_err(|problem| problem.to_string());
    write("main.yaml", "# Why.\nSources: [a.yaml]\n");
    let missing = read().unwrap_err();
    assert!(missing.starts_with("t/main.yaml:2: could not read ") && missing.contains("a.yaml"), "{missing}");
    write("a.yaml", "Outputs:\n  A: 1\n");
    assert_eq!(read(), Ok(2));
    write("b.yaml", "");
    assert_eq!(read(), Err("t/main.yaml:1: b.yaml is in the folder, and not in the list `Sources`".to_owned()));
}

#[test]
fn source_that_is_no_yaml_is_refused_with_its_line() {
    let made = made(&[("a.yaml", "Outputs:\n  A: 1\n"), ("b.yaml", "Outputs:\n  B: !Reff A\n")]);
    let problem = made.unwrap_err();
    assert!(problem.starts_with("b.yaml:2: ") && problem.contains("!Reff is not a function"), "{problem}");
}

#[test]
fn role_may_write_its_log_and_its_traces() {
    let role = "Roles:\n  Own:\n    Logs: own\n    Condition: IsOn\n    Statements:\n      - { Sid: A }\n      - Sid: B\n        Effect: Allow\n";
    makes(
        role,
        "            Statement:\n              - { Sid: A }\n              - Sid: B\n                Effect: Allow\n              \
         - Sid: WriteItsLog\n",
    );
    makes(role, "                Resource: !GetAtt OwnLogs.Arn\n              - Sid: RecordTraces\n");
    makes(role, "  OwnLogs:\n    Type: AWS::Logs::LogGroup\n    Condition: IsOn\n");
    refused("Roles:\n  Own:\n    Logs: own\n", "x.yaml:2: this role lacks `Statements`");
}

#[test]
fn widgets_fill_the_columns_and_show_alarms_of_some_stacks_by_choice() {
    let alarm = |id: &str, more: &str| {
        format!("  {id}:\n    When: Done Sum > 1 in 1 x 60 s\n    Text: t\n    First: weir, then s\n{more}")
    };
    let text = made(&[
        ("lanes.yaml", LANES),
        ("alarms.yaml", &format!("Alarms:\n{}{}", alarm("A", ""), alarm("B", "    Condition: HasB\n"))),
        (
            "x.yaml",
            "Dashboard:\n  - Alarms: 24 x 5\n    \"All: alarms\":\n  - Numbers: 18 x 3\n    \"One\":\n      - Done p99\n  - \
             Graphs: 8 x 6 of 60 s\n    \"Two\":\n      - at Limit as alarm\n      - AWS/SQS Age \
             QueueName=<Lane>Queue.QueueName Maximum as <lane> (right)\n",
        ),
    ])
    .unwrap();
    for expected in [
        ":alarm:${AWS::StackName}-a\"${AlarmsOfChoices}\n",
        "- HasB\n                  - !Sub ', \"arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:${AWS::StackName}-b\"'\n",
        "\"x\": 0, \"y\": 0, \"width\": 24, \"height\": 5",
        "\"x\": 0, \"y\": 5, \"width\": 18, \"height\": 3",
        "\"x\": 0, \"y\": 8, \"width\": 8, \"height\": 6",
        "[\"weir\", \"Done\", \"stack\", \"${AWS::StackName}\", {\"stat\": \"p99\"}]",
        "[{\"value\": ${Limit}, \"label\": \"alarm\"}]",
        "[\"AWS/SQS\", \"Age\", \"QueueName\", \"${BulkQueue.QueueName}\", {\"stat\": \"Maximum\", \"label\": \"bulk\", \"yAxis\": \"right\"}]",
    ] {
        assert!(text.contains(expected), "{text}\nlacks\n{expected}");
    }
    refused("Dashboard:\n  - Pies: 8 x 6\n", &format!("x.yaml:2: {}", super::dashboard::FORM));
}
