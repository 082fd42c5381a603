using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Veltrix.Control.Migrations;

[DbContext(typeof(ControlContext)), Migration("00000000000002_access_keys")]
sealed class AccessKeys : Migration
{
    protected override void Up(MigrationBuilder migration) => migration.CreateTable(
        "access_keys",
        table => new
        {
            id = table.Column<string>(),
            scopes = table.Column<int>(),
            hunt = table.Column<string>(),
            name = table.Column<string>(),
            issued_ms = table.Column<long>(),
            issued_by = table.Column<string>(),
            why = table.Column<string>(),
            until_ms = table.Column<long>(nullable: true),
            signed_by = table.Column<string>(),
            revoked_ms = table.Column<long>(nullable: true),
            revoked_by = table.Column<string>(nullable: true),
            revoked_why = table.Column<string>(nullable: true),
        },
        constraints: table => table.PrimaryKey("access_keys_id", row => row.id));
}
