using System.Runtime.CompilerServices;

namespace Veltrix.Governor.Tests.Simulation;

/// <summary>Texts that may only change on purpose. With <c>VELTRIX_GOLDEN=write</c> they are written anew.</summary>
static class Golden
{
    public static void Equal(string name, string actual, [CallerFilePath] string here = "")
    {
        var source = Path.Combine(Path.GetDirectoryName(here)!, "Golden", name);
        if (Environment.GetEnvironmentVariable("VELTRIX_GOLDEN") == "write") File.WriteAllText(source, actual);
        Assert.Equal(File.ReadAllText(source), actual, ignoreLineEndingDifferences: true);
    }
}
