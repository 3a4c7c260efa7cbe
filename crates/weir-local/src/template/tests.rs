use super::*;

#[track_caller]
fn check(yaml: &str, long: Value) {
    assert_eq!(parse(yaml).unwrap(), long);
}

#[test]
fn short_tags_take_their_long_form() {
    check("a: !Ref B", json!({"a": {"Ref": "B"}}));
    check("a: !Ref AWS::Region", json!({"a": {"Ref": "AWS::Region"}}));
    check("a: !Condition IsLocal", json!({"a": {"Condition": "IsLocal"}}));
    check("a: !GetAtt B.Arn", json!({"a": {"Fn::GetAtt": ["B", "Arn"]}}));
    check("a: !GetAtt B.Outputs.Url", json!({"a": {"Fn::GetAtt": ["B", "Outputs.Url"]}}));
    check("a: !GetAtt [B, Arn]", json!({"a": {"Fn::GetAtt": ["B", "Arn"]}}));
    check("a: !Sub '${B}-c'", json!({"a": {"Fn::Sub": "${B}-c"}}));
    check("a: !Sub 5", json!({"a": {"Fn::Sub": 5}}));
    check("a: !Join ['-', [x, !Ref B]]", json!({"a": {"Fn::Join": ["-", ["x", {"Ref": "B"}]]}}));
    check("a: !GetAZs ''", json!({"a": {"Fn::GetAZs": ""}}));
}

#[test]
fn tags_nest() {
    check(
        "a: !If\n  - IsLocal\n  - !Select [0, !Split [',', !Ref B]]\n  - !Ref AWS::NoValue",
        json!({"a": {"Fn::If": [
            "IsLocal",
            {"Fn::Select": [0, {"Fn::Split": [",", {"Ref": "B"}]}]},
            {"Ref": "AWS::NoValue"},
        ]}}),
    );
    check("a: !Not [!Equals [!Ref B, '']]", json!({"a": {"Fn::Not": [{"Fn::Equals": [{"Ref": "B"}, ""]}]}}));
    check(
        "a: !Transform\n  Name: Include\n  Parameters: {L: !Ref B}",
        json!({"a": {"Fn::Transform": {"Name": "Include", "Parameters": {"L": {"Ref": "B"}}}}}),
    );
}

#[test]
fn scalars_keep_their_type() {
    check(
        "v: 2010-09-09\nn: 5\nf: 0.5\nb: true\ne:\nz: '5'\na: 012345678901",
        json!({"v": "2010-09-09", "n": 5, "f": 0.5, "b": true, "e": null, "z": "5", "a": "012345678901"}),
    );
}

#[test]
fn anchors_and_merge_keys_are_resolved() {
    check(
        "a: &x {k: !Ref B, l: 1}\nb: *x\nc: {<<: *x, l: 2}",
        json!({
            "a": {"k": {"Ref": "B"}, "l": 1},
            "b": {"k": {"Ref": "B"}, "l": 1},
            "c": {"k": {"Ref": "B"}, "l": 2},
        }),
    );
}

#[test]
fn a_tag_that_cloudformation_does_not_know_is_refused_with_its_place() {
    let error = parse("a:\n  b: !Reff C").unwrap_err();
    assert!(error.reason.contains("!Reff is not a function of CloudFormation"), "{error:?}");
    assert!(error.reason.contains("line 2"), "{error:?}");
    assert!(parse("a: !GetAtt B").unwrap_err().reason.contains("names no attribute"));
    assert!(parse("just text").unwrap_err().reason.contains("no sections"));
    assert_eq!(check_template("a: 1\nb: {\n").unwrap_err().line, Some(2));
}

#[test]
fn functions_are_listed_with_their_binaries_and_get_their_code() {
    let path = Path::new("template.yaml");
    let mut template = Template(json!({"Resources": {
        "Ingest": {
            "Type": "AWS::Serverless::Function",
            "Metadata": {"BuildProperties": {"Binary": "weir-ingest"}},
            "Properties": {"CodeUri": ".", "MemorySize": 256},
        },
        "Queue": {"Type": "AWS::SQS::Queue"},
    }}));
    let functions = template.functions(path).unwrap();
    assert_eq!(functions, [Function { logical_id: "Ingest".into(), binary: "weir-ingest".into() }]);
    template.set_code(&functions[0], "s3://b/k".into());
    assert_eq!(template.0["Resources"]["Ingest"]["Properties"], json!({"CodeUri": "s3://b/k", "MemorySize": 256}));
}

#[test]
fn a_function_without_a_binary_is_named() {
    let template = Template(json!({"Resources": {"Ingest": {"Type": "AWS::Serverless::Function"}}}));
    let error = template.functions(Path::new("template.yaml")).unwrap_err().to_string();
    assert!(error.contains("function Ingest names no binary"), "{error}");
}
