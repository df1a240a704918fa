//! The sidebar of wide screens; the bottom bar and its sheet on narrow ones.

use domain::{role::InstanceRole, team::Me};

use super::{Place, account::account, is_at, nav_groups, places, switcher::switcher};
use crate::{
    browser,
    components::{erase::Erase, fetched::Fetched, icon::icon, reactive::settled},
    prelude::*,
};

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
fn team_or_first(current: String, me: &Me) -> String {
    if current.is_empty() { me.teams.first().map(|team| team.slug.clone()).unwrap_or_default() } else { current }
}

/// Everything inside the sidebar, or inside the sheet. Nobody signed in: nothing; the page itself says so.
fn contents(me: Fetched<Me>, current: Memo<String>, path: Memo<String>, spot: Spot) -> AnyView {
    me.view(move |me| {
        let Ok(me) = me else { return ().into_any() };
        let role = me.role;
        let team = {
            let me = me.clone();
            settled(Memo::new(move |_| team_or_first(current.get(), &me)))
        };
        view! {
            {switcher(me.clone(), current, spot)}
            <nav class="nav" aria-label="Main">
                {move || nav_groups(places(&team.get(), role), path)}
            </nav>
            {account(me, spot)}
        }
        .erase()
    })
}

#[component]
pub fn Sidebar(me: Fetched<Me>, current: Memo<String>, path: Memo<String>) -> impl IntoView {
    let closed = RwSignal::new(browser::preference("sidebar").is_some());
    view! {
        <div class="sidebar" role="complementary" aria-label="Sidebar">
            {contents(me, current, path, Spot::Sidebar)}
            <button
                class="button button-icon sidebar-toggle"
                type="button"
                title="Narrow or widen the sidebar"
                aria-label="Narrow or widen the sidebar"
                on:click=move |_| {
                    closed.update(|closed| *closed = !*closed);
                    browser::set_preference("sidebar", closed.get_untracked().then_some("closed"));
                }
            >
                {icon("panel")}
            </button>
        </div>
    }
}

#[component]
pub fn BottomBar(me: Fetched<Me>, current: Memo<String>, path: Memo<String>) -> impl IntoView {
    view! {
        <div class="bottom-bar">
            {me.view(move |me| me.map_or_else(|_| ().into_any(), |me| short_nav(me, current, path)))}
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

fn short_nav(me: Me, current: Memo<String>, path: Memo<String>) -> AnyView {
    let links = move || {
        let all = places(&team_or_first(current.get(), &me), InstanceRole::User);
        let shown = ["Home", "Playground", "History", "Keys"];
        let links = all.into_iter().filter(|it| shown.contains(&it.label));
        links.map(|place| bar_link(place, path)).collect::<Vec<_>>()
    };
    view! {
        <nav class="bottom-nav" aria-label="Short">
            {move || links()}
        </nav>
    }
    .erase()
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
    .erase()
}
