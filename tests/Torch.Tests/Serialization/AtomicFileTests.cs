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

    private static Action<Stream> Text(string text) => stream => stream.Write(Encoding.UTF8.GetBytes(text));
}
