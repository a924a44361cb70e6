using System.Text.Json;
using Compat.Torch.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Legacy.Tests.Support;

/// <summary>The samples that a golden file holds for one of its nets.</summary>
public sealed class GoldenNetDataset(JsonElement data) : Dataset
{
    private readonly long[] shape = [.. data.GetProperty("x_shape").EnumerateArray().Select(size => size.GetInt64())];
    private readonly long[] labelShape = [.. data.GetProperty("y_shape").EnumerateArray().Select(size => size.GetInt64())];
    private readonly double[] x = GoldenCases.Numbers(data.GetProperty("x"));
    private readonly double[] y = GoldenCases.Numbers(data.GetProperty("y"));
    private readonly ScalarType labelType = data.GetProperty("y_dtype").GetString() == "int64" ? ScalarType.Int64 : ScalarType.Float32;

    public override int Count => (int)shape[0];

    public override DataBatch this[int index] =>
        new GoldenNetBatch(Row(x, shape, index).to(ScalarType.Float32), Row(y, labelShape, index).to(labelType));

    private static Tensor Row(double[] values, long[] shape, int index)
    {
        using DisposeScope scope = NewDisposeScope();
        int size = values.Length / (int)shape[0];
        return tensor(values[(index * size)..((index + 1) * size)], [.. shape.Skip(1)]).MoveToOuterDisposeScope();
    }
}
