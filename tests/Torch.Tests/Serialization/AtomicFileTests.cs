using System.Diagnostics.CodeAnalysis;
using System.Text;
using Compat.TestSupport;
using Compat.Torch.Serialization;

namespace Compat.Torch.Tests.Serialization;

public sealed class AtomicFileTests
{
    [Fact]
    public void A_file_gets_its_content_and_its_folder_and_nothing_else_is_left()
    {
        using TemporaryFolder folder = new();
        string path = Path.Combine(folder.Path, "a", "b", "weights.bin");

        AtomicFile.Write(path, Text("new"));

        File.ReadAllText(path).Should().Be("new");
        Directory.GetFiles(Path.GetDirectoryName(path)!).Should().Equal(path);
    }

    [Fact]
    public void An_old_file_is_replaced()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("weights.bin");
        AtomicFile.Write(path, Text("old and long"));

        AtomicFile.Write(path, Text("new"));

        File.ReadAllText(path).Should().Be("new");
    }

    [Fact]
    public void The_old_content_survives_a_writer_that_throws_and_no_temporary_file_is_left()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("weights.bin");
        AtomicFile.Write(path, Text("old"));

        Action act = () => AtomicFile.Write(path, stream =>
        {
            stream.Write("half"u8);
            throw new InvalidOperationException("disk full");
        });

        act.Should().Throw<InvalidOperationException>().WithMessage("disk full");
        File.ReadAllText(path).Should().Be("old");
        Directory.GetFiles(folder.Path).Should().Equal(path);
    }

    [Fact]
    public void While_it_is_written_a_reader_finds_the_old_content()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("weights.bin");
        AtomicFile.Write(path, Text("old"));
        string seen = string.Empty;

        AtomicFile.Write(path, stream =>
        {
            stream.Write("new"u8);
            stream.Flush();
            seen = File.ReadAllText(path);
        });

        seen.Should().Be("old");
        File.ReadAllText(path).Should().Be("new");
    }

    [Fact]
    public void A_symbolic_link_is_followed()
    {
        using TemporaryFolder folder = new();
        string target = Path.Combine(folder.Path, "runs", "7", "weights.bin");
        AtomicFile.Write(target, Text("old"));
        string link = folder.File("latest.bin");
        File.CreateSymbolicLink(folder.File("seven.bin"), Path.Combine("runs", "7", "weights.bin"));
        File.CreateSymbolicLink(link, "seven.bin");

        AtomicFile.Write(link, Text("new"));

        File.ReadAllText(target).Should().Be("new");
        new FileInfo(link).LinkTarget.Should().Be("seven.bin");
        Directory.GetFiles(folder.Path).Should().BeEquivalentTo(link, folder.File("seven.bin"));
    }

    [Fact]
    public void A_link_to_a_file_that_is_not_there_makes_it()
    {
        using TemporaryFolder folder = new();
        string link = folder.File("latest.bin");
        File.CreateSymbolicLink(link, Path.Combine("runs", "weights.bin"));

        AtomicFile.Write(link, Text("new"));

        File.ReadAllText(Path.Combine(folder.Path, "runs", "weights.bin")).Should().Be("new");
    }

    [Fact]
    public void Links_without_an_end_are_an_error_and_stay()
    {
        using TemporaryFolder folder = new();
        File.CreateSymbolicLink(folder.File("a"), "b");
        File.CreateSymbolicLink(folder.File("b"), "a");

        Action act = () => AtomicFile.Write(folder.File("a"), Text("new"));

        act.Should().Throw<IOException>();
        new FileInfo(folder.File("a")).LinkTarget.Should().Be("b");
    }

    [UnixTheory]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite)]
    [InlineData(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite)]
    [SuppressMessage("Interoperability", "CA1416:Validate platform compatibility", Justification = "The test is skipped elsewhere.")]
    public void A_file_keeps_its_permissions_and_nobody_else_sees_it_before(UnixFileMode mode)
    {
        using TemporaryFolder folder = new();
        string path = folder.File("weights.bin");
        AtomicFile.Write(path, Text("old"));
        File.SetUnixFileMode(path, mode);
        List<UnixFileMode> written = [];

        AtomicFile.Write(path, stream => written.Add(File.GetUnixFileMode(((FileStream)stream).Name)));

        File.GetUnixFileMode(path).Should().Be(mode);
        written.Should().OnlyContain(during => (during & ~mode) == 0);
    }

    [UnprivilegedFact]
    public void A_file_that_is_protected_is_not_replaced()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("weights.bin");
        AtomicFile.Write(path, Text("old"));
        File.SetAttributes(path, FileAttributes.ReadOnly);

        Action act = () => AtomicFile.Write(path, Text("new"));

        act.Should().Throw<UnauthorizedAccessException>();
        File.ReadAllText(path).Should().Be("old");
        File.SetAttributes(path, FileAttributes.Normal);
    }

    [Fact]
    public void A_file_that_somebody_has_locked_is_not_replaced()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("weights.bin");
        AtomicFile.Write(path, Text("old"));
        using FileStream held = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);

        Action act = () => AtomicFile.Write(path, Text("new"));

        act.Should().Throw<IOException>();
        Directory.GetFiles(folder.Path).Should().Equal(path);
    }

    [Fact]
    public void A_name_as_long_as_the_file_system_allows_can_be_written()
    {
        using TemporaryFolder folder = new();
        string path = folder.File(new string('ä', 127));
        Left(folder, path, hours: 2);

        AtomicFile.Write(path, Text("new"));

        File.ReadAllText(path).Should().Be("new");
        Directory.GetFiles(folder.Path).Should().Equal([path], "what was left of it is removed, too");
    }

    [Fact]
    public void What_a_killed_writer_left_is_removed_by_a_later_one()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("weights.bin");
        Left(folder, path, hours: 2);
        Left(folder, path, hours: 3);

        AtomicFile.Write(path, Text("new"));

        Directory.GetFiles(folder.Path).Should().Equal(path);
    }

    [Fact]
    public void What_may_still_be_written_or_is_of_another_file_is_not_removed()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("weights.bin");
        string recent = Left(folder, path, hours: 0);
        string held = Left(folder, path, hours: 2);
        string others = Left(folder, folder.File("weights.bin.x"), hours: 2);
        string[] users = [folder.File(".weights.bin.tmp"), folder.File(".weights.bin.of-mine-that-is-as-long-as-theirs.tmp"), folder.File($".weights.bin.{Guid.NewGuid():N}.pth")];
        foreach (string own in users)
        {
            File.WriteAllText(own, "mine");
            File.SetLastWriteTimeUtc(own, DateTime.UtcNow.AddHours(-2));
        }

        using (new FileStream(held, FileMode.Open, FileAccess.Write, FileShare.None))
        {
            AtomicFile.Write(path, Text("new"));
        }

        Directory.GetFiles(folder.Path).Should().BeEquivalentTo([path, recent, held, others, .. users]);
    }

    [UnprivilegedFact]
    [SuppressMessage("Interoperability", "CA1416:Validate platform compatibility", Justification = "The test is skipped elsewhere.")]
    public void A_folder_that_may_be_written_but_not_listed_gets_its_file()
    {
        using TemporaryFolder folder = new();
        File.SetUnixFileMode(folder.Path, UnixFileMode.UserWrite | UnixFileMode.UserExecute);

        AtomicFile.Write(folder.File("weights.bin"), Text("new"));

        File.ReadAllText(folder.File("weights.bin")).Should().Be("new");
        File.SetUnixFileMode(folder.Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    [Fact]
    public void Null_is_refused()
    {
        Action act = () => AtomicFile.Write("x", null!);

        act.Should().Throw<ArgumentNullException>().WithParameterName("write");
    }

    // As a writer that is killed leaves it.
    private static string Left(TemporaryFolder folder, string path, int hours)
    {
        string temporary = string.Empty;
        AtomicFile.Write(path, stream => temporary = ((FileStream)stream).Name);
        File.Delete(path);
        temporary.Should().StartWith(folder.Path);
        File.WriteAllText(temporary, "half");
        File.SetLastWriteTimeUtc(temporary, DateTime.UtcNow.AddHours(-hours));
        return temporary;
    }

    private static Action<Stream> Text(string text) => stream => stream.Write(Encoding.UTF8.GetBytes(text));

    private sealed class UnixTheoryAttribute : TheoryAttribute
    {
        public UnixTheoryAttribute() => Skip = OperatingSystem.IsWindows() ? "Windows has other permissions." : null;
    }

    private sealed class UnprivilegedFactAttribute : FactAttribute
    {
        public UnprivilegedFactAttribute() => Skip = Environment.IsPrivilegedProcess ? "Nothing is protected from a process with these rights." : null;
    }
}
