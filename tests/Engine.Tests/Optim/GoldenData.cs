using System.Text.Json;
using Compat.Engine.Tests.Support;
using Compat.TestSupport.Toy;
using Compat.Torch.Data;
using TorchSharp;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Optim;

/// <summary>The data that golden runs train on, in the order of the file.</summary>
internal static class GoldenData
{
    public static JsonElement Of(JsonElement file, string model) => file.GetProperty("data").GetProperty(model == "convbn" ? model : "mlp");

    public static ListDataset Dataset(JsonElement data)
    {
        using DisposeScope scope = NewDisposeScope();
        ToyBatch all = Rows(data, 0, data.GetProperty("x_shape")[0].GetInt32());
        return new(Enumerable.Range(0, (int)all.Img.shape[0]).Select(i => new ToyBatch(all.Img[i].clone(), all.Label[i].clone())));
    }

    /// <summary>Gives consecutive samples as one batch; fresh.</summary>
    public static ToyBatch Rows(JsonElement data, int start, int count) =>
        new(Read(data, "x", "float32").narrow(0, start, count), Read(data, "y", data.GetProperty("y_dtype").GetString()!).narrow(0, start, count));

    private static Tensor Read(JsonElement data, string name, string dtype)
    {
        long[] shape = [.. data.GetProperty(name + "_shape").EnumerateArray().Select(length => length.GetInt64())];
        return GoldenTensor.Make(GoldenTensor.Numbers(data.GetProperty(name)), shape, dtype);
    }
}
