//! Reads answers in the browser: JSON into a tree once, then from the tree into any type.
//!
//! `serde_json` alone would be compiled with all its errors and shapes for every type, a tenth of the download. This reader
//! knows the shapes that our own types have on the wire, objects by name and numbers without fractions, and one error. What a
//! browser reads must not use serde's `alias`, `flatten` or `tag`, nor maps.

use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, EnumAccess, Error, Expected, IntoDeserializer, SeqAccess,
    Unexpected, VariantAccess, Visitor, value::StrDeserializer,
};

use super::json::{Node, parse};

/// `None` when the text is not the JSON of a `T`.
pub fn read<T: DeserializeOwned>(json: &[u8]) -> Option<T> {
    T::deserialize(Tree(parse(std::str::from_utf8(json).ok()?)?)).ok()
}

/// What is wrong does not matter to anybody: both sides are built from the same types.
#[derive(Debug)]
struct Unreadable;

impl std::fmt::Display for Unreadable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("unreadable")
    }
}

impl std::error::Error for Unreadable {}

// Every method is written out: the provided ones would format a message.
impl Error for Unreadable {
    fn custom<T: std::fmt::Display>(_: T) -> Self {
        Self
    }
    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self
    }
    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Self
    }
    fn invalid_length(_: usize, _: &dyn Expected) -> Self {
        Self
    }
    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }
    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self
    }
    fn missing_field(_: &'static str) -> Self {
        Self
    }
    fn duplicate_field(_: &'static str) -> Self {
        Self
    }
}

type Outcome<T> = Result<T, Unreadable>;

struct Tree(Node);

macro_rules! whole_numbers {
    ($($method:ident $visit:ident $read:ident),+ $(,)?) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
            visitor.$visit(self.0.$read().ok_or(Unreadable)?)
        }
    )+};
}

impl<'de> Deserializer<'de> for Tree {
    type Error = Unreadable;

    /// Fields that this build does not know yet.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        visitor.visit_unit()
    }

    whole_numbers! {
        deserialize_bool visit_bool as_bool,
        deserialize_i8 visit_i64 as_i64,
        deserialize_i16 visit_i64 as_i64,
        deserialize_i32 visit_i64 as_i64,
        deserialize_i64 visit_i64 as_i64,
        deserialize_u8 visit_u64 as_u64,
        deserialize_u16 visit_u64 as_u64,
        deserialize_u32 visit_u64 as_u64,
        deserialize_u64 visit_u64 as_u64,
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        match self.0 {
            Node::Text(text) => visitor.visit_string(text),
            _ => Err(Unreadable),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        self.deserialize_string(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        match self.0 {
            Node::Null | Node::Missing => visitor.visit_none(),
            some => visitor.visit_some(Self(some)),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Outcome<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        match self.0 {
            Node::List(items) => visitor.visit_seq(Items(items.into_iter())),
            _ => Err(Unreadable),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Outcome<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Outcome<V::Value> {
        match self.0 {
            Node::Object(fields) => visitor.visit_seq(Fields { names: names.iter(), fields }),
            _ => Err(Unreadable),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Outcome<V::Value> {
        visitor.visit_enum(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Outcome<V::Value> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i128 u128 f32 f64 char bytes byte_buf unit_struct tuple_struct map identifier
    }
}

struct Items(std::vec::IntoIter<Node>);

impl<'de> SeqAccess<'de> for Items {
    type Error = Unreadable;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Outcome<Option<S::Value>> {
        self.0.next().map(|value| seed.deserialize(Tree(value))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

/// The fields of an object in the order in which the type declares them. Reading them by position instead of by name is half
/// the code, and the order on the wire stays free.
struct Fields {
    names: std::slice::Iter<'static, &'static str>,
    fields: Vec<(String, Node)>,
}

impl Fields {
    fn next(&mut self) -> Option<Node> {
        let name = self.names.next()?;
        let found = self.fields.iter_mut().find(|(other, _)| other == name);
        Some(found.map_or(Node::Missing, |(_, value)| std::mem::replace(value, Node::Missing)))
    }
}

impl<'de> SeqAccess<'de> for Fields {
    type Error = Unreadable;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Outcome<Option<S::Value>> {
        let Some(value) = self.next() else { return Ok(None) };
        let missing = matches!(value, Node::Missing);
        match seed.deserialize(Tree(value)) {
            // `None` lets the type take its default, and is an error where it has none.
            Err(_) if missing => Ok(None),
            read => read.map(Some),
        }
    }
}

/// A bare name, or an object of one name and its content.
impl<'de> EnumAccess<'de> for Tree {
    type Error = Unreadable;
    type Variant = Content;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Outcome<(S::Value, Content)> {
        let (name, content) = match self.0 {
            Node::Text(name) => (name, None),
            Node::Object(fields) => {
                let (name, content) = fields.into_iter().next().ok_or(Unreadable)?;
                (name, Some(content))
            }
            _ => return Err(Unreadable),
        };
        let name: StrDeserializer<'_, Unreadable> = name.as_str().into_deserializer();
        Ok((seed.deserialize(name)?, Content(content)))
    }
}

struct Content(Option<Node>);

impl<'de> VariantAccess<'de> for Content {
    type Error = Unreadable;

    fn unit_variant(self) -> Outcome<()> {
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Outcome<S::Value> {
        seed.deserialize(Tree(self.0.ok_or(Unreadable)?))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Outcome<V::Value> {
        Tree(self.0.ok_or(Unreadable)?).deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Outcome<V::Value> {
        Tree(self.0.ok_or(Unreadable)?).deserialize_struct("", fields, visitor)
    }
}

#[cfg(test)]
mod tests;
