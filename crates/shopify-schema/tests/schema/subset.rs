//! Each line of the committed part is Shopify's own.

use apollo_compiler::{
    Node, Schema,
    ast::DirectiveList,
    schema::{Component, ExtendedType, FieldDefinition, InputValueDefinition},
};

use crate::{real, subset};

#[test]
fn each_line_of_the_subset_is_shopifys() {
    let Some(real) = real("the committed part of the schema was not compared with Shopify's") else { return };
    let subset = subset();
    assert_eq!(roots(&subset), roots(&real));
    for (name, directive) in &subset.directive_definitions {
        let whole = real.directive_definitions.get(name).unwrap_or_else(|| panic!("Shopify has no directive @{name}"));
        assert_eq!(inputs(&directive.arguments), inputs(&whole.arguments), "@{name}");
        assert_eq!(directive.locations, whole.locations, "@{name}");
    }
    for (name, of) in subset.types.iter().filter(|(_, of)| !of.is_built_in()) {
        let whole = real.types.get(name).unwrap_or_else(|| panic!("Shopify has no type {name}"));
        compare(name, of, whole);
    }
}

/// Names of the root types.
fn roots(schema: &Schema) -> [Option<String>; 3] {
    let of = &schema.schema_definition;
    [&of.query, &of.mutation, &of.subscription].map(|root| root.as_ref().map(ToString::to_string))
}

fn compare(name: &str, of: &ExtendedType, whole: &ExtendedType) {
    match (of, whole) {
        (ExtendedType::Scalar(_), ExtendedType::Scalar(_)) => {}
        (ExtendedType::Object(of), ExtendedType::Object(whole)) => {
            fields(name, of.fields.values(), |field| whole.fields.get(field));
            assert!(of.implements_interfaces.iter().all(|of| whole.implements_interfaces.contains(of)), "{name}");
        }
        (ExtendedType::Interface(of), ExtendedType::Interface(whole)) => {
            fields(name, of.fields.values(), |field| whole.fields.get(field));
            assert!(of.implements_interfaces.iter().all(|of| whole.implements_interfaces.contains(of)), "{name}");
        }
        (ExtendedType::Union(of), ExtendedType::Union(whole)) => {
            assert!(of.members.iter().all(|of| whole.members.contains(of)), "{name}");
        }
        (ExtendedType::Enum(of), ExtendedType::Enum(whole)) => {
            let values = |of: &apollo_compiler::schema::EnumType| -> Vec<_> {
                of.values.values().map(|value| (value.value.to_string(), deprecated(&value.directives))).collect()
            };
            assert_eq!(values(of), values(whole), "{name}");
        }
        (ExtendedType::InputObject(of), ExtendedType::InputObject(whole)) => {
            let said = |of: &apollo_compiler::schema::InputObjectType| -> Vec<_> {
                of.fields.values().map(|field| input(field)).collect()
            };
            assert_eq!(said(of), said(whole), "{name}");
            assert_eq!(of.directives.has("oneOf"), whole.directives.has("oneOf"), "{name}");
        }
        _ => panic!("{name} is of another kind"),
    }
}

fn fields<'a>(
    of: &str,
    fields: impl Iterator<Item = &'a Component<FieldDefinition>>,
    whole: impl Fn(&str) -> Option<&'a Component<FieldDefinition>>,
) {
    for field in fields {
        let whole = whole(&field.name).unwrap_or_else(|| panic!("Shopify has no {of}.{}", field.name));
        assert_eq!(signature(field), signature(whole), "{of}.{}", field.name);
    }
}

fn signature(field: &FieldDefinition) -> (String, Vec<String>, bool) {
    (field.ty.to_string(), inputs(&field.arguments), deprecated(&field.directives))
}

fn inputs(of: &[Node<InputValueDefinition>]) -> Vec<String> {
    of.iter().map(|of| input(of)).collect()
}

/// `name: Type = default`, and whether it is deprecated.
fn input(of: &InputValueDefinition) -> String {
    let default = of.default_value.as_ref().map(ToString::to_string);
    format!("{}: {} = {default:?}, deprecated: {}", of.name, of.ty, deprecated(&of.directives))
}

fn deprecated(directives: &DirectiveList) -> bool {
    directives.has("deprecated")
}

#[test]
fn the_subset_holds_signatures_and_no_texts() {
    let sdl = shopify_schema::ADMIN_SDL;
    assert!(!sdl.contains('"'), "a description or a reason");
    assert!(sdl.lines().filter(|line| line.contains('#')).count() < 4, "a comment of somebody else");
}

#[test]
fn shopifys_descriptions_name_the_mutations_that_are_idempotent_by_key() {
    let Some(real) = real("the list of idempotent mutations was not compared with Shopify's") else { return };
    let root = real.schema_definition.mutation.as_ref().expect("a mutation root");
    let Some(ExtendedType::Object(mutations)) = real.types.get(&root.name) else { panic!("{root} is no type") };
    let says = |field: &&Component<FieldDefinition>| {
        field.description.as_ref().is_some_and(|text| text.contains("`@idempotent` directive"))
    };
    let mut named: Vec<&str> = mutations.fields.values().filter(says).map(|field| field.name.as_str()).collect();
    named.sort_unstable();
    assert_eq!(named, shopify_schema::IDEMPOTENT_MUTATIONS);
}
