using Veltrix.Server.Admission;

namespace Veltrix.Server.Tests.Admission;

/// <summary>A token says what it allows, and nobody but the server can write one.</summary>
public sealed class KeyringTests : IDisposable
{
    readonly string folder = Directory.CreateTempSubdirectory("veltrix-test-").FullName;
    readonly Keyring keyring;

    public KeyringTests() => keyring = Keyring.Open(folder);

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(Scopes.Hunter, "quiz", "0123456789ABCDEF")]
    [InlineData(Scopes.Organiser | Scopes.Relay | Scopes.Replay, "*", "replay")]
    [InlineData(Scopes.Audit, "a-b", "with.dots and ünïcödé")]
    public void A_token_reads_back_as_what_it_was_issued_for(Scopes scopes, string hunt, string subject) =>
        Assert.Equal(new Grant(scopes, hunt, subject), keyring.Read(keyring.Issue(scopes, hunt, subject)));

    [Fact]
    public void A_token_holds_over_a_restart_and_in_no_other_servers_folder()
    {
        var token = keyring.Issue(Scopes.Hunter, "quiz", "ada");
        Assert.NotNull(Keyring.Open(folder).Read(token));
        var other = Directory.CreateTempSubdirectory("veltrix-test-");
        try
        {
            Assert.Null(Keyring.Open(other.FullName).Read(token));
        }
        finally
        {
            other.Delete(recursive: true);
        }
    }

    [Fact]
    public void No_change_of_a_single_character_leaves_a_token_valid()
    {
        var token = keyring.Issue(Scopes.Hunter, "quiz", "ada");
        for (var at = 0; at < token.Length; at++)
            foreach (var put in "A_.!é")
                if (token[at] != put)
                {
                    var forged = token[..at] + put + token[(at + 1)..];
                    // The last character carries two bits of nothing; a decoder that ignores them reads the same signature.
                    if (at == token.Length - 1 && put is 'A' or '_') continue;
                    Assert.Null(keyring.Read(forged));
                }
    }

    [Fact]
    public void A_token_that_was_cut_or_lengthened_anywhere_is_void()
    {
        var token = keyring.Issue(Scopes.Hunter, "quiz", "ada");
        for (var length = 0; length < token.Length; length++) Assert.Null(keyring.Read(token[..length]));
        Assert.Null(keyring.Read(token + "A"));
        Assert.Null(keyring.Read(token + ".A"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("....")]
    [InlineData("v1....")]
    [InlineData("v1.MQ.cXVpeg.YWRh.")]
    [InlineData("v1.MQ.cXVpeg.YWRh.!!!")]
    [InlineData("v1.MQ.cXVpeg.YWRh.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("v2.MQ.cXVpeg.YWRh.AAAA")]
    [InlineData("Bearer v1")]
    public void What_is_no_token_grants_nothing(string text) => Assert.Null(keyring.Read(text));

    [Fact]
    public void A_grant_is_good_for_its_own_scopes_and_its_own_hunt()
    {
        var hunter = new Grant(Scopes.Hunter, "quiz", "ada");
        Assert.True(hunter.Allows(Scopes.Hunter, "quiz"));
        Assert.False(hunter.Allows(Scopes.Hunter, "other"));
        Assert.False(hunter.Allows(Scopes.Organiser, "quiz"));
        Assert.True(new Grant(Scopes.Audit, "*", "all").Allows(Scopes.Audit | Scopes.Organiser, "quiz"));
    }

    [Fact]
    public void Key_files_are_readable_by_their_owner_only()
    {
        if (OperatingSystem.IsWindows()) Assert.Skip("Windows has no file modes.");
        else Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(folder, "token.key")));
    }

    [Fact]
    public void A_damaged_key_file_is_named_with_what_to_do()
    {
        File.WriteAllText(Path.Combine(folder, "token.key"), "not hexadecimal");
        Assert.Contains("token.key", Assert.Throws<InvalidDataException>(() => Keyring.Open(folder)).Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("ab")]
    public void A_key_that_is_too_short_to_be_secret_is_refused(string hex)
    {
        File.WriteAllText(Path.Combine(folder, "token.key"), hex);
        Assert.Throws<InvalidDataException>(() => Keyring.Open(folder));
    }
}
