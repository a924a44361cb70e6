using Compat.TestSupport;
using Compat.Torch.Serialization;
using static TorchSharp.torch;

namespace Compat.Torch.Tests.Serialization;

public sealed class PthChecksumTests
{
    private static readonly byte[] Pickle = new RawPickle().Add("}").Text("weight").Add("ctorch._utils\n_rebuild_tensor_v2\n(").Storage(0, 3).Add("K\0K\u0003\u0085K\u0001\u0085\u0089NtRs").End();

    [Fact]
    public void A_flipped_bit_of_a_stored_tensor_is_refused_and_the_storage_is_named()
    {
        using TemporaryFolder folder = new();
        byte[] file = Flipped(RawZip.Pth(Pickle, Ones()), Ones());
        File.WriteAllBytes(folder.File("a.pth"), file);

        Action read = () => PthFile.Read(folder.File("a.pth"));

        read.Should().Throw<PthException>().WithMessage(
            "'*a.pth' cannot be read. The checksum of storage '0' ('archive/data/0') is ????????, but the file says ????????: the content has changed since it was written. "
            + "Copy the file again, or take an older checkpoint. If it was written without checksums, as PyTorch 2.6 and later can, read it with PthReadOptions.IgnoreChecksums.");
    }

    [Fact]
    public void It_is_read_if_checksums_are_to_be_ignored()
    {
        using MemoryStream stream = new(Flipped(RawZip.Pth(Pickle, Ones()), Ones()));

        using PthFile file = PthFile.Read(stream, new PthReadOptions { IgnoreChecksums = true });

        Values(file).Should().NotEqual([1f, 1f, 1f]).And.HaveCount(3);
    }

    [Fact]
    public void A_flipped_bit_of_the_pickle_is_refused()
    {
        using MemoryStream stream = new(Flipped(RawZip.Pth(Pickle, Ones()), "weight"u8.ToArray()));

        Action read = () => PthFile.Read(stream);

        read.Should().Throw<PthException>().WithMessage("*The checksum of the pickle ('archive/data.pkl') is*");
    }

    [Fact]
    public void Bytes_after_the_elements_belong_to_the_checksum()
    {
        using MemoryStream good = new(RawZip.Pth(Pickle, [.. Ones(), 7, 8]));
        using MemoryStream bad = new(Flipped(RawZip.Pth(Pickle, [.. Ones(), 7, 8]), [7, 8]));
        Action read = () => PthFile.Read(bad);

        using PthFile file = PthFile.Read(good);

        Values(file).Should().Equal(1f, 1f, 1f);
        read.Should().Throw<PthException>().WithMessage("*checksum of storage '0'*");
    }

    [PythonFact]
    public void What_we_write_has_checksums_that_Python_finds_right()
    {
        using TemporaryFolder folder = new();
        using Tensor weight = arange(5000, ScalarType.Float64);
        PthFile.Write(folder.File("a.pth"), new PthDict { ["weight"] = new PthTensor(weight) });

        string printed = PythonFactAttribute.Run("import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); print(z.testzip(), all(i.CRC for i in z.infolist()))", folder.File("a.pth"));

        printed.Trim().Should().Be("None True");
    }

    private static byte[] Ones() => [.. Enumerable.Repeat(BitConverter.GetBytes(1f), 3).SelectMany(bytes => bytes)];

    private static float[] Values(PthFile file) => ((PthTensor)((PthDict)file.Root)["weight"]).Value.data<float>().ToArray();

    // One bit of the first place where the file has these bytes.
    private static byte[] Flipped(byte[] file, byte[] at)
    {
        file[file.AsSpan().IndexOf(at)] ^= 2;
        return file;
    }
}
