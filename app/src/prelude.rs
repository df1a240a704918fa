//! What a file with views imports: the framework's prelude, with elements and attributes of few types in the browser.
//!
//! The framework compiles what an element can do once for each tag, and what an attribute can do once for each name: together
//! a tenth of the download. `view!` gives elements their children and attributes by methods, and which ones these are
//! depends on what is imported. In the browser they are ours, and a tag or a name is a value; on the server nothing changes.
//! They stand in for the framework's by bearing the names of its traits, which the glob then leaves out.
//!
//! Elements of SVG, and those made from a name, need the framework's own `ElementChild`: ours refuses to be compiled for
//! them. One more attribute: a line in `attributes!`.

pub use leptos::prelude::*;

#[cfg(all(feature = "hydrate", not(feature = "ssr")))]
pub use in_browser::{Attributes as GlobalAttributes, Attributes as AriaAttributes, ElementChild, OnAttribute};

#[cfg(all(feature = "hydrate", not(feature = "ssr")))]
mod in_browser {
    use leptos::{
        prelude::{
            AddAnyAttr, AnyView, ElementChild as FrameworkElementChild, IntoAnyAttribute, IntoRender, RenderHtml,
        },
        tachys::{
            html::{
                attribute::{Attribute, AttributeValue, NamedAttributeKey, NextAttribute, any_attribute::AnyAttribute},
                element::{Custom, ElementType, HtmlElement, custom},
                event::{EventDescriptor, On, on},
            },
            view::iterators::StaticVec,
        },
    };
    use wasm_bindgen::JsValue;
    use web_sys::Element;

    type Parent = HtmlElement<Custom<String>, (), StaticVec<AnyView>>;

    /// Takes the place of the framework's trait of the same name.
    pub trait ElementChild<Child> {
        fn child(self, child: Child) -> Parent;
    }

    impl<E, Child> ElementChild<Child> for HtmlElement<E, (), ()>
    where
        E: ElementType,
        Child: IntoRender<Output: RenderHtml>,
    {
        #[track_caller]
        fn child(self, child: Child) -> Parent {
            const { assert!(!E::TAG.is_empty() && E::NAMESPACE.is_none() && E::ESCAPE_CHILDREN && !E::SELF_CLOSING) };
            // In capitals, as a document of HTML names its elements: the framework compares the two when it updates one.
            FrameworkElementChild::child(custom(E::TAG.to_ascii_uppercase()), child)
        }
    }

    /// An attribute that carries its name.
    #[derive(Clone)]
    pub struct Named<V> {
        name: &'static str,
        value: V,
    }

    impl<V: AttributeValue> Attribute for Named<V> {
        const MIN_LENGTH: usize = 0;

        type State = V::State;
        type AsyncOutput = Named<V::AsyncOutput>;
        type Cloneable = Named<V::Cloneable>;
        type CloneableOwned = Named<V::CloneableOwned>;

        fn html_len(&self) -> usize {
            self.name.len() + 3 + self.value.html_len()
        }

        fn to_html(self, html: &mut String, _: &mut String, _: &mut String, _: &mut String) {
            self.value.to_html(self.name, html);
        }

        fn hydrate<const FROM_SERVER: bool>(self, element: &Element) -> V::State {
            self.value.hydrate::<FROM_SERVER>(self.name, element)
        }

        fn build(self, element: &Element) -> V::State {
            self.value.build(element, self.name)
        }

        fn rebuild(self, state: &mut V::State) {
            self.value.rebuild(self.name, state);
        }

        fn into_cloneable(self) -> Self::Cloneable {
            Named { name: self.name, value: self.value.into_cloneable() }
        }

        fn into_cloneable_owned(self) -> Self::CloneableOwned {
            Named { name: self.name, value: self.value.into_cloneable_owned() }
        }

        fn dry_resolve(&mut self) {
            self.value.dry_resolve();
        }

        async fn resolve(self) -> Self::AsyncOutput {
            Named { name: self.name, value: self.value.resolve().await }
        }

        fn keys(&self) -> Vec<NamedAttributeKey> {
            vec![NamedAttributeKey::Attribute(self.name.into())]
        }
    }

    impl<V: AttributeValue> NextAttribute for Named<V> {
        type Output<New: Attribute> = Vec<AnyAttribute>;

        fn add_any_attr<New: Attribute>(self, new: New) -> Vec<AnyAttribute> {
            vec![self.into_any_attr(), new.into_any_attr()]
        }
    }

    /// Takes the place of the framework's trait of the same name: one type for each event and not for each closure.
    pub trait OnAttribute: AddAnyAttr + Sized {
        fn on<E, F>(self, event: E, run: F) -> Self::Output<Listener<E>>
        where
            E: EventDescriptor<EventType: From<JsValue> + 'static> + Send + 'static,
            F: FnMut(E::EventType) + 'static,
        {
            let run: Box<dyn FnMut(E::EventType)> = Box::new(run);
            self.add_any_attr(on(event, run))
        }
    }

    impl<T: AddAnyAttr> OnAttribute for T {}

    type Listener<E> = On<E, Box<dyn FnMut(<E as EventDescriptor>::EventType)>>;

    macro_rules! attributes {
        ($($method:ident $name:literal),+ $(,)?) => {
            /// Takes the place of the framework's attributes of all elements and of those that only some elements have.
            pub trait Attributes: AddAnyAttr + Sized {$(
                fn $method<V: AttributeValue>(self, value: V) -> Self::Output<Named<V>> {
                    self.add_any_attr(Named { name: $name, value })
                }
            )+}
        };
    }

    attributes! {
        action "action",
        aria_busy "aria-busy",
        aria_current "aria-current",
        aria_controls "aria-controls",
        aria_describedby "aria-describedby",
        aria_expanded "aria-expanded",
        aria_hidden "aria-hidden",
        aria_invalid "aria-invalid",
        aria_label "aria-label",
        aria_labelledby "aria-labelledby",
        aria_live "aria-live",
        aria_pressed "aria-pressed",
        datetime "datetime",
        disabled "disabled",
        download "download",
        r#for "for",
        hidden "hidden",
        href "href",
        id "id",
        inputmode "inputmode",
        method "method",
        name "name",
        novalidate "novalidate",
        open "open",
        popover "popover",
        popovertarget "popovertarget",
        rel "rel",
        required "required",
        role "role",
        scope "scope",
        selected "selected",
        start "start",
        tabindex "tabindex",
        target "target",
        title "title",
        r#type "type",
        value "value",
    }

    impl<T: AddAnyAttr> Attributes for T {}
}
