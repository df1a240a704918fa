//! The surface of the product as tests of access know it: for every operation and route a valid request, made for one team
//! and one asker. An operation without a line here fails the matrix, the twins and the tests of bad input.
//!
//! One more operation: a line in `surface/bodies.rs` or `surface/workbench.rs`; one that acts on the asker's own things or on the whole instance as
//! well: another in [`bodies::OWN`] or [`bodies::SHARED`]. One more route with a body: a line in `surface/routes.rs`.

use serde_json::Value;
use server::http::inventory::{Class, OPERATIONS, ROUTES};
use tests::{
    Tenants,
    tenants::{Person, Side},
};

pub mod bodies;
pub mod routes;
mod workbench;

/// For whom and on what a request is made.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub tenants: &'a Tenants,
    /// The team whose things it is about.
    pub side: &'a Side,
    /// Who asks, where that is a person.
    pub me: Option<&'a Person>,
    /// Makes names unique.
    pub nr: usize,
}

pub type Maker = fn(&Scene<'_>) -> Value;

/// Which of its forms an operation is called in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Plain,
    /// On a thing of the asker's own.
    Own,
    /// On a thing of the whole instance.
    Shared,
}

/// The forms that a class has.
pub fn forms(class: &Class) -> &'static [Form] {
    match class {
        Class::OwnOr(_) => &[Form::Plain, Form::Own],
        Class::TeamOrInstance(..) => &[Form::Plain, Form::Shared],
        Class::Public
        | Class::Person
        | Class::Team(_)
        | Class::Instance(_)
        | Class::Key(_)
        | Class::Token(_)
        | Class::AnyToken => &[Form::Plain],
    }
}

/// All bodies of a form.
fn table(form: Form) -> Vec<(&'static str, Maker)> {
    match form {
        Form::Plain => [bodies::PLAIN, workbench::PLAIN].concat(),
        Form::Own => [bodies::OWN, workbench::OWN].concat(),
        Form::Shared => bodies::SHARED.to_vec(),
    }
}

/// The maker of a server function's body. Panics when there is none: the surface grew and this table did not.
pub fn maker(path: &str, form: Form) -> Maker {
    let found = table(form).into_iter().find(|(name, _)| format!("/ui/{name}") == path);
    found.unwrap_or_else(|| panic!("no {form:?} body for {path}: add it to tests/api/surface/bodies.rs")).1
}

#[test]
fn every_operation_has_a_body_and_every_body_an_operation() {
    let mut missing = Vec::new();
    for (path, class) in OPERATIONS {
        for form in forms(class) {
            if !table(*form).iter().any(|(name, _)| format!("/ui/{name}") == *path) {
                missing.push(format!("{form:?} {path}"));
            }
        }
    }
    let all = [Form::Plain, Form::Own, Form::Shared].map(table).concat();
    let unknown = all.iter().filter(|(name, _)| !OPERATIONS.iter().any(|(path, _)| *path == format!("/ui/{name}")));
    missing.extend(unknown.map(|(name, _)| format!("{name} is no operation")));
    assert_eq!(missing, [""; 0]);
}

#[test]
fn the_inventory_is_what_the_framework_serves() {
    let mut listed: Vec<&str> = OPERATIONS.iter().map(|(path, _)| *path).collect();
    let mut served: Vec<&str> = server::http::inventory::operations().into_iter().map(|(path, _)| path).collect();
    listed.sort_unstable();
    served.sort_unstable();
    assert_eq!(listed, served);
    let mut routes: Vec<&str> = ROUTES.iter().map(|(route, _)| *route).collect();
    let count = routes.len();
    routes.sort_unstable();
    routes.dedup();
    assert_eq!(routes.len(), count, "a route is listed twice");
}
