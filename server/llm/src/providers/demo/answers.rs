//! What the demo models say: a small bank of code topics, told at three lengths.
//!
//! One more topic: an entry in `TOPICS`. Words that find it come first, the general answer stands last.

/// How much a model says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Skill {
    /// The code alone.
    Brief,
    /// Code and why it is right.
    Explained,
    /// Code, reasons, cost and a test.
    Thorough,
}

struct Topic {
    words: &'static [&'static str],
    title: &'static str,
    python: &'static str,
    rust: &'static str,
    why: &'static str,
    cost: &'static str,
    python_test: &'static str,
    rust_test: &'static str,
}

static TOPICS: [Topic; 5] = [
    Topic {
        words: &["sort", "order", "rank"],
        title: "Sort without touching the input",
        python: "def sorted_copy(items, key=None):\n    \"\"\"A new list, smallest first; equal items keep their order.\"\"\"\n    return sorted(items, key=key)\n",
        rust: "/// A new vector, smallest first; equal items keep their order.\nfn sorted_copy<T: Ord + Clone>(items: &[T]) -> Vec<T> {\n    let mut copy = items.to_vec();\n    copy.sort();\n    copy\n}\n",
        why: "The standard sort is stable, so items that compare equal stay in the order they came in. Working on a copy means that no caller is surprised by a changed list.",
        cost: "It takes O(n log n) comparisons and O(n) memory for the copy. On input that is already in order it needs only n − 1 comparisons.",
        python_test: "assert sorted_copy([3, 1, 2]) == [1, 2, 3]\nassert sorted_copy([]) == []\n",
        rust_test: "#[test]\nfn sorts_and_leaves_the_input_alone() {\n    let items = [3, 1, 2];\n    assert_eq!(sorted_copy(&items), [1, 2, 3]);\n    assert_eq!(items, [3, 1, 2]);\n}\n",
    },
    Topic {
        words: &["fibonacci", "recurs", "memo"],
        title: "Fibonacci numbers in a loop",
        python: "def fibonacci(n: int) -> int:\n    a, b = 0, 1\n    for _ in range(n):\n        a, b = b, a + b\n    return a\n",
        rust: "/// `None` when the number does not fit.\nfn fibonacci(n: u32) -> Option<u64> {\n    let (mut a, mut b) = (0u64, 1u64);\n    for _ in 0..n {\n        (a, b) = (b, a.checked_add(b)?);\n    }\n    Some(a)\n}\n",
        why: "Two variables hold all that the next step needs. The plain recursion computes the same numbers over and over and becomes unusable near n = 40.",
        cost: "It takes n additions and constant memory.",
        python_test: "assert [fibonacci(n) for n in range(7)] == [0, 1, 1, 2, 3, 5, 8]\n",
        rust_test: "#[test]\nfn the_first_numbers_are_right() {\n    let first: Vec<_> = (0..7).filter_map(fibonacci).collect();\n    assert_eq!(first, [0, 1, 1, 2, 3, 5, 8]);\n}\n",
    },
    Topic {
        words: &["json", "parse", "csv", "read"],
        title: "Parse input and say what is wrong",
        python: "import json\n\ndef read_settings(text: str) -> dict:\n    try:\n        settings = json.loads(text)\n    except json.JSONDecodeError as error:\n        raise ValueError(f\"line {error.lineno}: {error.msg}\") from error\n    if not isinstance(settings, dict):\n        raise ValueError(\"settings must be an object\")\n    return settings\n",
        rust: "fn read_port(text: &str) -> Result<u16, String> {\n    let port: u16 = text.trim().parse().map_err(|_| format!(\"{text:?} is not a port number\"))?;\n    if port == 0 {\n        return Err(\"port 0 cannot be connected to\".to_owned());\n    }\n    Ok(port)\n}\n",
        why: "Input is checked once, at the border, and the error names the place and the reason. Code behind the border can then rely on the value.",
        cost: "One pass over the input; nothing is kept but the result.",
        python_test: "assert read_settings('{\"a\": 1}') == {\"a\": 1}\n",
        rust_test: "#[test]\nfn ports_are_checked() {\n    assert_eq!(read_port(\" 8080 \"), Ok(8080));\n    assert!(read_port(\"0\").is_err());\n    assert!(read_port(\"http\").is_err());\n}\n",
    },
    Topic {
        words: &["revers", "string", "palindrome", "word"],
        title: "Reverse the words of a line",
        python: "def reverse_words(line: str) -> str:\n    return \" \".join(reversed(line.split()))\n",
        rust: "fn reverse_words(line: &str) -> String {\n    line.split_whitespace().rev().collect::<Vec<_>>().join(\" \")\n}\n",
        why: "Splitting at white space handles any number of blanks, and words stay whole, so letters made of several characters are never torn apart.",
        cost: "One pass to split and one to join; memory grows with the length of the line.",
        python_test: "assert reverse_words(\"one  two three\") == \"three two one\"\n",
        rust_test: "#[test]\nfn words_change_places_and_stay_whole() {\n    assert_eq!(reverse_words(\"one  two three\"), \"three two one\");\n}\n",
    },
    Topic {
        words: &[],
        title: "Count what occurs most",
        python: "from collections import Counter\n\ndef most_common(words, n=3):\n    return Counter(words).most_common(n)\n",
        rust: "use std::collections::HashMap;\n\nfn counts<'a>(words: &[&'a str]) -> HashMap<&'a str, usize> {\n    let mut counts = HashMap::new();\n    for word in words {\n        *counts.entry(*word).or_default() += 1;\n    }\n    counts\n}\n",
        why: "A map from word to count needs one look at each word, whatever their order.",
        cost: "It takes O(n) steps on average and memory for each different word.",
        python_test: "assert most_common([\"a\", \"b\", \"a\"], 1) == [(\"a\", 2)]\n",
        rust_test: "#[test]\nfn each_word_is_counted() {\n    assert_eq!(counts(&[\"a\", \"b\", \"a\"])[\"a\"], 2);\n}\n",
    },
];

/// The answer to a question: the topic its words name, in the language it names, as long as the skill makes it.
pub(super) fn answer(question: &str, skill: Skill) -> String {
    let question = question.to_lowercase();
    let topic =
        TOPICS.iter().find(|topic| topic.words.is_empty() || topic.words.iter().any(|word| question.contains(word)));
    let Some(topic) = topic else { return String::new() };
    let (language, code, test) = if question.contains("rust") || question.contains("cargo") {
        ("rust", topic.rust, topic.rust_test)
    } else {
        ("python", topic.python, topic.python_test)
    };
    let block = |code: &str| format!("```{language}\n{code}```\n");
    let mut text = match skill {
        Skill::Brief => block(code),
        Skill::Explained | Skill::Thorough => format!("**{}**\n\n{}\n{}\n", topic.title, block(code), topic.why),
    };
    if skill == Skill::Thorough {
        text.push_str(&format!("\n**Cost.** {}\n\n**Test**\n\n{}", topic.cost, block(test)));
    }
    text.push_str("\n*Written by a demo model: the same question always gets this answer.*\n");
    text
}
