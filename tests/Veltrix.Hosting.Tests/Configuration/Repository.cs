using System.Runtime.CompilerServices;
using CsCheck;

namespace Veltrix.Hosting.Tests.Configuration;

/// <summary>Files that these tests read, and if asked to write, in place.</summary>
static class Repository
{
    /// <summary>After a change that is meant: run once with this set, and read the difference before it is committed.</summary>
    public static bool Rewrite => Environment.GetEnvironmentVariable("VELTRIX_REWRITE_GOLDEN") == "1";

    public static string Path(string path) => System.IO.Path.Combine(Root(), path);

    /// <summary>Compares with a file of the repository, or writes it.</summary>
    public static void IsWhatIsIn(string path, string text)
    {
        if (Rewrite) File.WriteAllText(Path(path), text);
        Assert.True(File.Exists(Path(path)), $"{path} is missing; run once with VELTRIX_REWRITE_GOLDEN=1.");
        Assert.Equal(File.ReadAllText(Path(path)), text);
    }

    static string Root([CallerFilePath] string file = "") => System.IO.Path.GetFullPath(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(file)!, "..", "..", ".."));
}

/// <summary>A folder that is gone after the test.</summary>
sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("veltrix-config-").FullName;

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

static class Draw
{
    public static Gen<T> Any<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);
}
