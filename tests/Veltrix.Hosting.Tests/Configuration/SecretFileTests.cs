namespace Veltrix.Hosting.Tests.Configuration;

/// <summary>Files that settings name and that hold a password.</summary>
public sealed class SecretFileTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("veltrix-secret-").FullName;

    string Password => Path.Combine(folder, "password");

    [Theory]
    [InlineData("geheim", "geheim")]
    [InlineData("geheim\n", "geheim")]
    [InlineData(" with spaces \r\n", " with spaces ")]
    public void A_password_is_what_stands_in_the_file_without_the_lines_end(string text, string password)
    {
        File.WriteAllText(Password, text);
        using var settings = Named(Password);
        Assert.Equal(password, SecretFile.Read(Keys.RedisPasswordFile, settings));
    }

    [Fact]
    public void Where_no_file_is_named_there_is_no_password() => Assert.Null(SecretFile.Read(Keys.RedisPasswordFile, Settings.Defaults));

    [Fact]
    public void A_file_that_is_missing_empty_or_no_file_is_named_with_its_key_its_line_and_the_remedy()
    {
        File.WriteAllText(Path.Combine(folder, "empty"), "\n");
        foreach (var (path, why) in new[] { (Path.Combine(folder, "none"), "which is not there"), (Path.Combine(folder, "empty"), "which is empty"), (folder, "which cannot be read") })
        {
            using var settings = Named(path);
            var fault = Assert.Single(Assert.Throws<ConfigException>(() => SecretFile.Read(Keys.RedisPasswordFile, settings)).Faults);
            Assert.StartsWith($"redis.password_file (settings:1) names {path}, {why}", fault.Message, StringComparison.Ordinal);
            Assert.NotEmpty(fault.Remedy);
        }
    }

    [Fact]
    public void A_file_that_everybody_may_read_is_warned_of_also_behind_a_link()
    {
        if (OperatingSystem.IsWindows()) return;
        File.WriteAllText(Password, "geheim");
        var link = Path.Combine(folder, "link");
        File.CreateSymbolicLink(link, Password);
        foreach (var path in new[] { Password, link })
        {
            using var settings = Named(path);
            File.SetUnixFileMode(Password, UnixFileMode.UserRead | UnixFileMode.GroupRead);
            Assert.Empty(SecretFile.OpenToAll(settings));
            File.SetUnixFileMode(Password, UnixFileMode.UserRead | UnixFileMode.OtherRead);
            Assert.Equal([$"{path}, which redis.password_file names, can be read by everybody on this machine. Let only the user that this process runs as read it: chmod 400 {path}"], SecretFile.OpenToAll(settings));
        }
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);

    static Settings Named(string path) => Settings.Of($"redis.password_file: {path}");
}
