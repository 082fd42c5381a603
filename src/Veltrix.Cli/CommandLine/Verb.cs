using System.CommandLine;

namespace Veltrix.Cli;

/// <summary>A command that does something, with examples of it: help shows them, and a test parses every one.</summary>
sealed class Verb(string name, string description, params IReadOnlyList<string> examples) : Command(name, description)
{
    public IReadOnlyList<string> Examples { get; } = examples;
}
