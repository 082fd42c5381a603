using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Veltrix.Control.Tests;

/// <summary>The contract in a file of the data folder, and what is special about a file.</summary>
public sealed class SqliteTests : ControlContract
{
    protected override string Config => "# the default";

    string File => Path.Combine(Folder, "control.db");

    protected override DbConnection Direct() => new SqliteConnection($"Data Source={File};Pooling=False");

    protected override string FolderOfServer()
    {
        // There is something to open.
        if (!System.IO.File.Exists(File)) System.IO.File.Create(File).Dispose();
        return Folder;
    }

    [Fact]
    public async Task Without_a_key_given_out_there_is_no_file_and_one_signing_key()
    {
        var store = await Open();
        Assert.Equal([store.Now.Signs], store.Now.Verify);
        Assert.Equal([store.Now.Signs], (await store.List(Cancel)).Signing);
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact]
    public async Task The_file_is_readable_by_its_owner_only()
    {
        await Issue(await Open());
        if (OperatingSystem.IsWindows()) Assert.Skip("Windows has no file modes.");
        else Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, System.IO.File.GetUnixFileMode(File));
    }

    [Fact]
    public async Task A_rotation_makes_the_file_with_the_key_of_the_folder_as_its_first()
    {
        var store = await Open();
        var first = store.Now.Signs.Id;
        var made = await store.Rotate("admin", "spring", Cancel);
        Assert.Equal([made.Id, first], (await Open()).Now.Verify.Select(key => key.Id));
    }

    [Fact]
    public async Task A_copy_of_the_file_is_a_backup()
    {
        var key = await Issue(await Open());
        var other = Directory.CreateTempSubdirectory("veltrix-control-");
        System.IO.File.Copy(File, Path.Combine(other.FullName, "control.db"));
        Assert.Contains(key.Id, (await Open(other.FullName)).Now.Access.Keys);
        other.Delete(recursive: true);
    }

    [Fact]
    public async Task A_damaged_file_is_named_with_what_to_do()
    {
        await System.IO.File.WriteAllTextAsync(File, "this is no database, however long one looks at it, and that should be said", Cancel);
        var refused = await Assert.ThrowsAsync<ControlException>(() => Open());
        Assert.Equal(ControlFault.ControlRefused, refused.Fault);
        Assert.Contains(File, refused.Message);
        Assert.Contains("backup", refused.Remedy);
    }

    [Fact]
    public async Task A_damaged_file_of_the_first_key_is_named_with_what_to_do()
    {
        await System.IO.File.WriteAllTextAsync(Path.Combine(Folder, "token.key"), "not hexadecimal", Cancel);
        Assert.Contains("token.key", (await Assert.ThrowsAsync<InvalidDataException>(() => Open())).Message);
    }

    [Fact]
    [Trait("speed", "slow")]
    public async Task A_file_that_somebody_holds_is_said_and_keys_go_on()
    {
        var store = await Open();
        var key = await Issue(store);
        await using var holder = Direct();
        await holder.OpenAsync(Cancel);
        await using (var command = holder.CreateCommand())
        {
            command.CommandText = "BEGIN EXCLUSIVE";
            await command.ExecuteNonQueryAsync(Cancel);
        }

        var refused = await Assert.ThrowsAsync<ControlException>(() => Issue(store));
        Assert.Equal(ControlFault.ControlUnavailable, refused.Fault);
        Assert.Contains("held by another program", refused.Message);
        Assert.Contains(key.Id, store.Now.Access.Keys);
    }
}
