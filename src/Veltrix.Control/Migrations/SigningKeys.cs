using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;

namespace Veltrix.Control.Migrations;

[DbContext(typeof(ControlContext)), Migration("00000000000001_signing_keys")]
sealed class SigningKeys : Migration
{
    protected override void Up(MigrationBuilder migration) => migration.CreateTable(
        "signing_keys",
        table => new
        {
            number = table.Column<int>(),
            id = table.Column<string>(),
            secret = table.Column<byte[]>(),
            made_ms = table.Column<long>(),
            made_by = table.Column<string>(),
            why = table.Column<string>(),
            retired_ms = table.Column<long>(nullable: true),
            retired_by = table.Column<string>(nullable: true),
            retired_why = table.Column<string>(nullable: true),
        },
        constraints: table =>
        {
            table.PrimaryKey("signing_keys_number", row => row.number);
            table.UniqueConstraint("signing_keys_id", row => row.id);
        });
}
