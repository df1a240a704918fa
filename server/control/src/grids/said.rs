//! What the cells of a grid would say: a value for every variable, a message in every cell, and not too much of either.
//!
//! Values are counted, never put in: a template of many variables and a long value would fill the memory.

use domain::{
    grid::{Case, Grid, MAX_CASES, MAX_GRID_BYTES, MAX_VALUES, MAX_VARIANTS, Prompt},
    template,
};

use super::Checked;

/// A prompt that some variant says.
struct Said<'a> {
    at: String,
    prompt: &'a Prompt,
    variables: Vec<&'a str>,
}

impl<'a> Said<'a> {
    fn of(at: String, prompt: &'a Prompt) -> Self {
        let texts = std::iter::once(&prompt.system).chain(prompt.turns.iter().map(|turn| &turn.text));
        Self { at, prompt, variables: texts.flat_map(|text| template::variables(text)).collect() }
    }

    /// Bytes of the whole prompt with the values of a case, and whether any message of it says something.
    fn measure(&self, case: &Case) -> (usize, bool) {
        // What is missing is reported by its name; here it counts as it is written.
        let bytes = |text: &str| template::expanded_len(text, &case.values).unwrap_or(text.len());
        let turns = self.prompt.turns.iter().map(|turn| (bytes(&turn.text), !turn.images.is_empty()));
        turns.fold((bytes(&self.prompt.system), false), |(all, speaks), (bytes, has_images)| {
            (all.saturating_add(bytes), speaks || has_images || bytes > 0)
        })
    }
}

pub(super) fn check(grid: &Grid, checked: &mut Checked) {
    if grid.variables().len() > MAX_VALUES {
        // The grid's own limits say so.
        checked.unfit.extend((0u16..).take(grid.cases.len()));
        return;
    }
    let is_shared = grid.variants.is_empty() || grid.variants.iter().any(|variant| variant.prompt.is_none());
    let shared = is_shared.then(|| Said::of("prompt".to_owned(), &grid.prompt));
    let mut prompts: Vec<Said<'_>> = shared.into_iter().collect();
    for (index, variant) in grid.variants.iter().enumerate().take(MAX_VARIANTS) {
        prompts.extend(variant.prompt.as_ref().map(|own| Said::of(format!("variants.{index}.prompt"), own)));
    }
    for (case, index) in grid.cases.iter().take(MAX_CASES).zip(0u16..) {
        if case.values.len() > MAX_VALUES {
            checked.unfit.insert(index);
            continue;
        }
        let field = format!("cases.{index}.values");
        if let Some(missing) = missing(&prompts, case) {
            checked.add(&field, format!("give a value for {missing}"));
            checked.unfit.insert(index);
        }
        let own: usize = case.turns.iter().map(|turn| turn.text.len()).sum();
        let case_speaks = case.turns.iter().any(|turn| !turn.text.is_empty() || !turn.images.is_empty());
        for prompt in &prompts {
            let (bytes, speaks) = prompt.measure(case);
            if bytes.saturating_add(own) > MAX_GRID_BYTES {
                let most = MAX_GRID_BYTES / 1024 / 1024;
                checked.add(&field, format!("use shorter values: with these a prompt has more than {most} MiB"));
                checked.unfit.insert(index);
            }
            if !speaks && !case_speaks {
                checked.add(&format!("{}.turns.0.text", prompt.at), "write a message");
                checked.unfit.insert(index);
            }
        }
    }
}

/// The variables that have no value, as a prompt writes them.
fn missing(prompts: &[Said<'_>], case: &Case) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for name in prompts.iter().flat_map(|prompt| prompt.variables.iter().copied()) {
        if !names.contains(&name) && !case.values.iter().any(|(known, _)| known == name) {
            names.push(name);
        }
    }
    let shown: Vec<String> = names.iter().map(|name| format!("{{{{{name}}}}}")).collect();
    (!shown.is_empty()).then(|| shown.join(", "))
}

#[cfg(test)]
mod tests {
    use domain::grid::{MAX_TEXT_BYTES, Turn, Variant};

    use super::*;

    fn grid(text: &str, values: &[&[(&str, &str)]]) -> Grid {
        let case = |pairs: &&[(&str, &str)]| Case {
            values: pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            ..Case::default()
        };
        let mut grid =
            Grid { variants: vec![Variant::default()], cases: values.iter().map(case).collect(), ..Grid::default() };
        grid.prompt.turns[0].text = text.to_owned();
        grid
    }

    fn wrong(grid: &Grid) -> Vec<String> {
        let mut checked = Checked::default();
        check(grid, &mut checked);
        checked.wrong.into_iter().map(|wrong| format!("{}: {}", wrong.field, wrong.message)).collect()
    }

    #[test]
    fn every_case_has_a_value_for_every_variable_of_the_prompts_that_are_used() {
        let mut two = grid("{{a}} {{b}} {{a}}", &[&[("a", "1"), ("b", "")], &[("c", "1")], &[("b", "1")]]);
        let wanted = ["cases.1.values: give a value for {{a}}, {{b}}", "cases.2.values: give a value for {{a}}"];
        assert_eq!(wrong(&two), wanted);
        // A shared prompt that every variant replaces is not said.
        let own = Prompt { turns: vec![Turn { text: "{{c}}".into(), ..Turn::default() }], ..Prompt::default() };
        two.variants[0].prompt = Some(own);
        assert_eq!(wrong(&two), ["cases.0.values: give a value for {{c}}", "cases.2.values: give a value for {{c}}"]);
    }

    #[test]
    fn a_cell_without_a_message_is_told_at_its_prompt() {
        assert_eq!(wrong(&grid("", &[&[]])), ["prompt.turns.0.text: write a message"]);
        assert_eq!(wrong(&grid("{{a}}", &[&[("a", "x")], &[("a", "")]])), ["prompt.turns.0.text: write a message"]);
        let mut own = grid("", &[&[]]);
        own.cases[0].turns.push(Turn { text: "hello".into(), ..Turn::default() });
        assert!(wrong(&own).is_empty());
    }

    #[test]
    fn a_template_that_grows_without_bounds_is_refused_before_anything_is_put_in() {
        let long = "x".repeat(MAX_TEXT_BYTES);
        let text = "{{a}}".repeat(MAX_TEXT_BYTES / 5);
        let wanted = "cases.0.values: use shorter values: with these a prompt has more than 4 MiB";
        assert_eq!(wrong(&grid(&text, &[&[("a", &long)]])), [wanted]);
        assert!(wrong(&grid(&text, &[&[("a", "x")]])).is_empty());
    }
}
