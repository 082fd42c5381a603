using System.Runtime.CompilerServices;

namespace Veltrix.Hunts.Tests.Definitions;

/// <summary>Where the sources of these tests lie, so that golden files, examples and docs are read (and rewritten) in place.</summary>
static class Repository
{
    public static string Golden { get; } = Path.Combine(Here(), "golden");

    public static string Root { get; } = Path.GetFullPath(Path.Combine(Here(), "..", "..", ".."));

    static string Here([CallerFilePath] string file = "") => Path.GetDirectoryName(file)!;
}
