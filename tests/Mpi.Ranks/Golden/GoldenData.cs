using System.Text.Json;
using Compat.TestSupport;
using Compat.Torch.Data;
using static TorchSharp.torch;

namespace Compat.Mpi.Ranks.Golden;

/// <summary>The first samples of a table.</summary>
internal sealed class GoldenData(JsonElement table, int count) : Dataset
{
    private readonly float[] x = Floats(table.GetProperty("x"));
    private readonly float[] y = table.TryGetProperty("y", out JsonElement values) ? Floats(values) : [];
    private readonly long[] shape = [.. table.GetProperty("x_shape").EnumerateArray().Skip(1).Select(size => size.GetInt64())];
    private readonly bool isClass = table.TryGetProperty("y_dtype", out JsonElement type) && type.GetString() == "int64";

    public override int Count => count;

    public override DataBatch this[int index] => new GoldenBatch(tensor(RowOf(x, index)).reshape(shape), Target(index));

    private Tensor Target(int index) =>
        isClass ? tensor((long)y[index]) : tensor(y.Length == 0 ? [0] : RowOf(y, index));

    private float[] RowOf(float[] values, int index)
    {
        int width = values.Length / (int)table.GetProperty("x_shape")[0].GetInt64();
        return values[(index * width)..((index + 1) * width)];
    }

    private static float[] Floats(JsonElement values) => [.. values.EnumerateArray().Select(value => (float)value.Number())];
}
