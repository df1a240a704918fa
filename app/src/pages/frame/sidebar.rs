//! The sidebar of wide screens; the bottom bar and its sheet on narrow ones.

use domain::team::Me;
use leptos::prelude::*;

use super::{Place, account::account, is_at, nav_groups, places, switcher::switcher};
use crate::{api::Answer, browser, components::icon::icon};

/// Which of its two places a list of links stands in: ids must differ between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spot {
    Sidebar,
    Sheet,
}

impl Spot {
    pub fn id(self, part: &str) -> String {
        match self {
            Self::Sidebar => format!("sidebar-{part}"),
            Self::Sheet => format!("sheet-{part}"),
        }
    }
}

/// The team to show: that of the address, else the first one of the person.
fn team_or_first(current: Option<String>, me: &Me) -> String {
    current.or_else(|| me.teams.first().map(|team| team.slug.clone())).unwrap_or_default()
}

/// Everything inside the sidebar, or inside the sheet. Nobody signed in: nothing; the page itself says so.
fn contents(me: Resource<Answer<Me>>, current: Memo<Option<String>>, path: Memo<String>, spot: Spot) -> AnyView {
    view! {
        <Transition>
            {move || Suspend::new(async move {
                let me = me.await.ok()?;
                let person = me.clone();
                let admin = me.is_admin();
                let links = {
                    let me = me.clone();
                    move || nav_groups(places(&team_or_first(current.get(), &me), admin), path)
                };
                Some(
                    view! {
                        {switcher(me, current, spot)}
                        <nav class="nav" aria-label="Main">
                            {links}
                        </nav>
                        {account(person, spot)}
                    },
                )
            })}
        </Transition>
    }
    .into_any()
}

#[component]
pub fn Sidebar(me: Resource<Answer<Me>>, current: Memo<Option<String>>, path: Memo<String>) -> impl IntoView {
    let closed = RwSignal::new(browser::preference("sidebar").is_some());
    let label = move || if closed.get() { "Widen the sidebar" } else { "Narrow the sidebar" };
    view! {
        <aside class="sidebar" aria-label="Sidebar">
            {contents(me, current, path, Spot::Sidebar)}
            <button
                class="button button-icon sidebar-toggle"
                type="button"
                title=label
                aria-label=label
                on:click=move |_| {
                    closed.update(|closed| *closed = !*closed);
                    browser::set_preference("sidebar", closed.get_untracked().then_some("closed"));
                }
            >
                {icon("panel")}
            </button>
        </aside>
    }
}

#[component]
pub fn BottomBar(me: Resource<Answer<Me>>, current: Memo<Option<String>>, path: Memo<String>) -> impl IntoView {
    view! {
        <div class="bottom-bar">
            <Transition>
                {move || Suspend::new(async move {
                    let me = me.await.ok()?;
                    let links = move || {
                        let all = places(&team_or_first(current.get(), &me), false);
                        let shown = ["Home", "Playground", "History", "Keys"];
                        let links = all.into_iter().filter(|it| shown.contains(&it.label));
                        links.map(|place| bar_link(place, path)).collect_view()
                    };
                    Some(
                        view! {
                            <nav class="bottom-nav" aria-label="Short">
                                {links}
                            </nav>
                        },
                    )
                })}
            </Transition>
            <button class="bottom-link" type="button" popovertarget="sheet">
                {icon("menu")}
                <span>"More"</span>
            </button>
        </div>
        <div class="sheet" id="sheet" popover="auto">
            {contents(me, current, path, Spot::Sheet)}
        </div>
    }
}

fn bar_link(place: Place, path: Memo<String>) -> AnyView {
    let Place { label, icon: name, href, .. } = place;
    let mine = href.clone();
    view! {
        <a class="bottom-link" href=href aria-current=move || is_at(&mine, &path.read()).then_some("page")>
            {icon(name)}
            <span>{label}</span>
        </a>
    }
    .into_any()
}
