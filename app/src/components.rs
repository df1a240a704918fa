//! Widgets that know no page: values and callbacks in, elements out.
//!
//! Never here: server functions, routes, the whole state of a page. Ids come from props. One more widget: a file here, a file
//! of the same name in `style/`, one `pub mod` line below. Views import `crate::prelude`, see there.

pub mod announcer;
pub mod badge;
pub mod button;
pub mod code_block;
pub mod copy_button;
pub mod dialog;
pub mod drawer;
pub mod empty_state;
pub mod erase;
pub mod error_panel;
pub mod fetched;
pub mod field;
pub mod form;
pub mod form_view;
pub mod highlight;
pub mod icon;
pub mod json_text;
pub mod later;
pub mod markdown;
pub mod page;
pub mod page_mark;
pub mod reactive;
pub mod reveal;
pub mod select;
pub mod sheet;
pub mod sheet_page;
pub mod skeleton;
pub mod stat;
pub mod state;
pub mod submit;
pub mod table;
pub mod tabs;
pub mod text_box;
pub mod theme_switch;
pub mod time;
pub mod toast;
