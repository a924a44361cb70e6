using System.Runtime.Versioning;
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
    public void Null_is_refused()
    {
        Action act = () => AtomicFile.Write("x", null!);

        act.Should().Throw<ArgumentNullException>().WithParameterName("write");
    }

    [LinuxFact]
    public void A_symbolic_link_stays_one_and_what_it_leads_to_is_replaced_or_made()
    {
        using TemporaryFolder folder = new();
        string real = Path.Combine(Directory.CreateDirectory(folder.File("real")).FullName, "weights.bin");
        string link = folder.File("latest.bin");
        File.CreateSymbolicLink(folder.File("second.bin"), Path.Combine("real", "weights.bin"));
        File.CreateSymbolicLink(link, "second.bin");

        AtomicFile.Write(link, Text("first"));
        File.ReadAllText(real).Should().Be("first", "the link led nowhere before");
        AtomicFile.Write(link, Text("second"));

        File.ReadAllText(real).Should().Be("second");
        new FileInfo(link).LinkTarget.Should().Be("second.bin");
        new FileInfo(folder.File("second.bin")).LinkTarget.Should().Be(Path.Combine("real", "weights.bin"));
        Directory.GetFiles(Path.GetDirectoryName(real)!).Should().Equal(real);
    }

    [LinuxFact]
    public void Links_without_an_end_are_an_error_and_stay()
    {
        using TemporaryFolder folder = new();
        File.CreateSymbolicLink(folder.File("a"), "b");
        File.CreateSymbolicLink(folder.File("b"), "a");

        Action act = () => AtomicFile.Write(folder.File("a"), Text("new"));

        act.Should().Throw<IOException>();
        new FileInfo(folder.File("a")).LinkTarget.Should().Be("b");
    }

    [LinuxFact]
    [UnsupportedOSPlatform("windows")]
    public void The_permissions_of_the_old_file_are_kept_also_while_it_is_written()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("weights.bin");
        foreach (UnixFileMode mode in new[] { UnixFileMode.UserRead | UnixFileMode.UserWrite, UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead })
        {
            AtomicFile.Write(path, Text("old"));
            File.SetUnixFileMode(path, mode);
            UnixFileMode meanwhile = UnixFileMode.None;

            AtomicFile.Write(path, _ => meanwhile = File.GetUnixFileMode(Temporaries(folder).Single()));

            File.GetUnixFileMode(path).Should().Be(mode);
            meanwhile.Should().Be(mode);
            File.Delete(path);
        }
    }

    [LinuxFact]
    [UnsupportedOSPlatform("windows")]
    public void A_new_file_has_the_permissions_that_every_new_file_has()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("other.bin"), string.Empty);

        AtomicFile.Write(folder.File("weights.bin"), Text("new"));

        File.GetUnixFileMode(folder.File("weights.bin")).Should().Be(File.GetUnixFileMode(folder.File("other.bin")));
    }

    [Theory]
    [InlineData("weights.bin")]
    [InlineData("a name as long as the file system takes")]
    public void What_a_killed_writer_left_is_removed_when_it_is_an_hour_old(string name)
    {
        using TemporaryFolder folder = new();
        string path = folder.File(name.StartsWith("a name", StringComparison.Ordinal) ? new string('w', 255) : name);
        string left = Killed(path, TimeSpan.FromMinutes(61));
        string young = Killed(path, TimeSpan.FromMinutes(50));
        string ofAnother = Killed(folder.File("weights.bin.old"), TimeSpan.FromDays(3));
        string ofNobody = folder.File(".weights.bin.notes.tmp");
        File.WriteAllText(ofNobody, string.Empty);
        File.SetLastWriteTimeUtc(ofNobody, DateTime.UnixEpoch);

        AtomicFile.Write(path, Text("new"));

        File.ReadAllText(path).Should().Be("new");
        File.Exists(left).Should().BeFalse();
        new[] { young, ofAnother, ofNobody }.Should().OnlyContain(file => File.Exists(file));
    }

    [Fact]
    public void A_temporary_that_is_still_being_written_stays_however_old_it_is()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("weights.bin");

        AtomicFile.Write(path, slow =>
        {
            File.SetLastWriteTimeUtc(Temporaries(folder).Single(), DateTime.UnixEpoch);
            AtomicFile.Write(path, Text("quick"));
            slow.Write("slow"u8);
        });

        File.ReadAllText(path).Should().Be("slow");
        Directory.GetFiles(folder.Path).Should().Equal(path);
    }

    [Fact]
    public void A_name_as_long_as_the_file_system_takes_is_written()
    {
        using TemporaryFolder folder = new();
        string path = folder.File(new string('n', 251) + ".pth");

        AtomicFile.Write(path, Text("new"));

        File.ReadAllText(path).Should().Be("new");
        Directory.GetFiles(folder.Path).Should().Equal(path);
    }

    private static string[] Temporaries(TemporaryFolder folder) => Directory.GetFiles(folder.Path, ".*.tmp");

    /// <summary>Leaves a temporary as a killed writer does: with its name, and not locked.</summary>
    private static string Killed(string path, TimeSpan ago)
    {
        string left = string.Empty;
        AtomicFile.Write(path, _ =>
        {
            left = Directory.GetFiles(Path.GetDirectoryName(path)!, ".*.tmp").Single(file => !IsFree(file));
        });
        File.Delete(path);
        File.WriteAllText(left, "half");
        File.SetLastWriteTimeUtc(left, TimeProvider.System.GetUtcNow().UtcDateTime - ago);
        return left;
    }

    private static bool IsFree(string file)
    {
        try
        {
            new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.None).Dispose();
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static Action<Stream> Text(string text) => stream => stream.Write(Encoding.UTF8.GetBytes(text));
}
