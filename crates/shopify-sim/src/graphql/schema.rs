//! The schema that requests are held to: the part that weir keeps, or Shopify's whole one.

use std::{io::Read, path::Path};

use apollo_compiler::{Name, Schema as Sdl, collections::HashMap, schema::Implementers, validation::Valid};

/// The schema can't be used.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// The file can't be read.
    #[error("could not read the schema {path}: {why}; `cargo xtask schema` fetches Shopify's")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        why: std::io::Error,
    },
    /// It is no valid SDL.
    #[error("the schema {path} is not valid SDL: {why}")]
    Invalid {
        /// The file, or where it came from.
        path: String,
        /// The first of its faults.
        why: String,
    },
}

/// A schema, parsed and validated.
pub struct AdminSchema {
    pub(crate) sdl: Valid<Sdl>,
    pub(crate) implementers: HashMap<Name, Implementers>,
}

impl std::fmt::Debug for AdminSchema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AdminSchema({} types)", self.sdl.types.len())
    }
}

impl AdminSchema {
    /// The part of Shopify's schema that this workspace uses.
    ///
    /// # Errors
    /// If the part that is built in is broken.
    pub fn built_in() -> Result<Self, SchemaError> {
        Self::parse(shopify_schema::ADMIN_SDL, "admin.graphql")
    }

    /// Parses SDL; `name` is for messages.
    ///
    /// # Errors
    /// If it is not valid.
    pub fn parse(sdl: &str, name: &str) -> Result<Self, SchemaError> {
        let mut sdl = sdl.to_owned();
        // Built into newer printers of SDL, which leave it out.
        if sdl.contains("@oneOf") && !sdl.contains("directive @oneOf") {
            sdl.push_str("\ndirective @oneOf on INPUT_OBJECT\n");
        }
        let sdl = Sdl::parse_and_validate(sdl, name).map_err(|problems| SchemaError::Invalid {
            path: name.to_owned(),
            why: problems.errors.iter().next().map(|first| first.to_json().message).unwrap_or_default(),
        })?;
        let implementers = sdl.implementers_map();
        Ok(Self { sdl, implementers })
    }

    /// Reads an SDL file, `.gz` or plain.
    ///
    /// # Errors
    /// If it can't be read or is not valid.
    pub fn read(path: &Path) -> Result<Self, SchemaError> {
        let name = path.display().to_string();
        let unreadable = |why| SchemaError::Unreadable { path: name.clone(), why };
        let bytes = std::fs::read(path).map_err(unreadable)?;
        let text = if path.extension().is_some_and(|extension| extension == "gz") {
            let mut text = String::new();
            flate2::read::GzDecoder::new(bytes.as_slice()).read_to_string(&mut text).map_err(unreadable)?;
            text
        } else {
            String::from_utf8(bytes)
                .map_err(|error| unreadable(std::io::Error::new(std::io::ErrorKind::InvalidData, error)))?
        };
        Self::parse(&text, &name)
    }
}
