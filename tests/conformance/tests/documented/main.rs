//! The documents hold what they promise: each rule that is cited is defined, each rule names its tests, each test that
//! is named is run, and each file that is referred to is in the tree.
//!
//! Every check is a function of a [`tree::Tree`], so that its own tests can show it a tree in which something is wrong.

#![expect(clippy::expect_used, reason = "a repository that cannot be read fails the test")]

mod citations;
mod fixtures;
mod links;
mod named_tests;
mod paths;
mod rows;
mod rules;
mod text;
mod tree;

use std::collections::BTreeSet;

use crate::tree::Tree;

fn assert_none(problems: &[String]) {
    assert!(problems.is_empty(), "{} problems:\n{}", problems.len(), problems.join("\n"));
}

#[test]
fn every_rule_is_defined_once_with_its_source_and_its_tests() {
    let tree = Tree::of_the_repository();
    let (rules, mut problems) = rules::read(&tree);
    problems.extend(rules::untested(&rules, &citations::find(&tree)));
    assert_none(&problems);
    assert!(rules.len() > 190, "the rules are found: {}", rules.len());
    let pages: BTreeSet<&str> = rules.values().map(|rule| rule.page.as_str()).collect();
    assert_eq!(pages.len(), 4, "{pages:?}");
}

#[test]
fn every_cited_rule_is_defined() {
    let tree = Tree::of_the_repository();
    let (rules, _) = rules::read(&tree);
    let citations = citations::find(&tree);
    assert_none(&citations::undefined(&rules, &citations));
    let in_sources = citations.iter().filter(|one| one.is_outside_the_rules() && one.path.ends_with(".rs")).count();
    assert!(in_sources > 200, "{in_sources}");
}

#[test]
fn every_named_test_is_run() {
    let tree = Tree::of_the_repository();
    let named = named_tests::find(&tree);
    assert_none(&named_tests::missing(&tree, &named));
    assert!(named.len() > 400, "{}", named.len());
}

#[test]
fn every_link_leads_somewhere() {
    let tree = Tree::of_the_repository();
    let links = links::find(&tree);
    assert_none(&links::broken(&tree, &links));
    assert!(links.len() > 120, "{}", links.len());
}

#[test]
fn every_path_is_in_the_tree() {
    let tree = Tree::of_the_repository();
    let paths = paths::find(&tree);
    assert_none(&paths::missing(&tree, &paths));
    assert!(paths.len() > 150, "{}", paths.len());
}

#[test]
fn every_row_of_the_comparison_names_a_rule_or_says_why_there_is_none() {
    let tree = Tree::of_the_repository();
    let (rows, problems) = rows::read(tree.text("docs/airflow-behaviour.md"));
    assert_none(&problems);
    assert!(rows > 70, "{rows}");
}

#[test]
fn every_recording_says_how_it_was_made() {
    assert_none(&fixtures::undescribed(&Tree::of_the_repository()));
}
