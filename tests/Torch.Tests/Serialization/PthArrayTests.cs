using Compat.Torch.Logging;
using Compat.Torch.Serialization;

namespace Compat.Torch.Tests.Serialization;

public sealed class PthArrayTests
{
    public static TheoryData<string, long[], byte[], string> Arrays => new()
    {
        { "i8", [], BitConverter.GetBytes(7L), "7" },
        { "i8", [2], [.. BitConverter.GetBytes(long.MinValue), .. BitConverter.GetBytes((1L << 53) + 1)], "[-9223372036854775808, 9007199254740993]" },
        { "u8", [1], BitConverter.GetBytes(1UL << 63), "[9223372036854775808]" },
        { "i1", [], [0xfd], "-3" },
        { "f4", [], BitConverter.GetBytes(0.1f), "0.10000000149011612" },
        { "f2", [2, 1, 1], [.. BitConverter.GetBytes((Half)1.5), .. BitConverter.GetBytes((Half)2.5)], "[[[1.5]], [[2.5]]]" },
        { "b1", [2], [1, 0], "[true, false]" },
        { "i4", [0], [], "[]" },
    };

    /// <summary>The texts are those of numpy's <c>tolist()</c> in MMCV's JSON log.</summary>
    [Theory]
    [MemberData(nameof(Arrays))]
    public void Its_lists_are_those_of_numpy(string type, long[] shape, byte[] bytes, string json) =>
        PythonJson.Write(new PthArray { Type = type, Shape = shape, Bytes = bytes }.ToLists()).Should().Be(json);

    [Theory]
    [InlineData("U4", false)]
    [InlineData("c16", false)]
    [InlineData("b1", true)]
    public void Only_numbers_and_truth_values_are_numeric(string type, bool isNumeric) =>
        new PthArray { Type = type, Bytes = new byte[16] }.IsNumeric.Should().Be(isNumeric);

    [Fact]
    public void A_shape_that_is_not_that_of_the_elements_is_refused()
    {
        Action few = () => new PthArray { Type = "i1", Shape = [2, 2], Bytes = new byte[3] }.ToLists();
        Action deep = () => new PthArray { Type = "i1", Shape = [.. Enumerable.Repeat(1L, 100_000)], Bytes = new byte[1] }.ToLists();

        few.Should().Throw<PthException>().WithMessage("The file has a numpy array of shape [2, 2] with 3 elements. It is damaged.");
        deep.Should().Throw<PthException>().WithMessage("*with 1 elements. It is damaged.");
    }
}
