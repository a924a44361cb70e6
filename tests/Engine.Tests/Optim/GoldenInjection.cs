using System.Text.Json;
using Compat.Engine.Tests.Support;
using static TorchSharp.torch;

namespace Compat.Engine.Tests.Optim;

/// <summary>What the golden runs do to losses, so that they overflow: a factor, or a multiple of one element of a parameter that is added.</summary>
internal sealed class GoldenInjection(params JsonElement[][] rows)
{
    public static GoldenInjection Read(JsonElement golden) =>
        new([.. golden.GetProperty("inject").EnumerateArray().Select(row => row.EnumerateArray().ToArray())]);

    public Tensor Apply(nn.Module model, int iteration, string? turn, Tensor loss) =>
        rows.Where(row => row[0].GetInt32() == iteration).Aggregate(loss, (injected, row) => Apply(model, row, turn, injected));

    private static Tensor Apply(nn.Module model, JsonElement[] row, string? turn, Tensor loss)
    {
        bool isFactor = row[1].GetString() == "factor";
        int named = isFactor ? 3 : 5;                                 // a further value is the name of a wrapper, whose forward alone is meant
        if (row.Length > named && row[named].GetString() != turn)
        {
            return loss;
        }

        return isFactor
            ? loss * (float)GoldenTensor.Number(row[2])
            : loss + (model.get_parameter(row[2].GetString()!)!.reshape(-1)[row[3].GetInt64()] * (float)GoldenTensor.Number(row[4]));
    }
}
