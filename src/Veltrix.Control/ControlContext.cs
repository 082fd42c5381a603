using Microsoft.EntityFrameworkCore;

namespace Veltrix.Control;

/// <summary>The tables, the same in both databases: only texts, whole numbers and bytes, and no numbers that a database draws by itself.</summary>
/// <remarks>To add a table: its record, its lines here, and a migration of its own under <c>Migrations</c>, with the next number of 14 digits, as EF wants it.
/// A migration that was released is never changed. It only adds: servers of the version before run on beside it while a fleet is updated.</remarks>
sealed class ControlContext(DbContextOptions options) : DbContext(options)
{
    public DbSet<SigningKey> SigningKeys => Set<SigningKey>();

    public DbSet<AccessKey> AccessKeys => Set<AccessKey>();

    protected override void OnModelCreating(ModelBuilder model)
    {
        model.Entity<SigningKey>(table =>
        {
            table.ToTable("signing_keys").HasKey(key => key.Number);
            table.Property(key => key.Number).HasColumnName("number").ValueGeneratedNever();
            table.Property(key => key.Id).HasColumnName("id");
            table.Property(key => key.Secret).HasColumnName("secret");
            table.Property(key => key.MadeMs).HasColumnName("made_ms");
            table.Property(key => key.MadeBy).HasColumnName("made_by");
            table.Property(key => key.Why).HasColumnName("why");
            table.Property(key => key.RetiredMs).HasColumnName("retired_ms");
            table.Property(key => key.RetiredBy).HasColumnName("retired_by");
            table.Property(key => key.RetiredWhy).HasColumnName("retired_why");
        });
        model.Entity<AccessKey>(table =>
        {
            table.ToTable("access_keys").HasKey(key => key.Id);
            table.Property(key => key.Id).HasColumnName("id");
            table.Property(key => key.Scopes).HasColumnName("scopes");
            table.Property(key => key.Hunt).HasColumnName("hunt");
            table.Property(key => key.Name).HasColumnName("name");
            table.Property(key => key.IssuedMs).HasColumnName("issued_ms");
            table.Property(key => key.IssuedBy).HasColumnName("issued_by");
            table.Property(key => key.Why).HasColumnName("why");
            table.Property(key => key.UntilMs).HasColumnName("until_ms");
            table.Property(key => key.SignedBy).HasColumnName("signed_by");
            table.Property(key => key.RevokedMs).HasColumnName("revoked_ms");
            table.Property(key => key.RevokedBy).HasColumnName("revoked_by");
            table.Property(key => key.RevokedWhy).HasColumnName("revoked_why");
        });
    }
}
