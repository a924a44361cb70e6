using System.Text.Json;
using Compat.Engine.Tests.Support;
using Compat.Torch.Amp;

namespace Compat.Engine.Tests.Optim;

/// <summary>The state of a scaler as the golden files write it: PyTorch's, empty if it is off.</summary>
internal static class GoldenScaler
{
    public static void ShouldBe(JsonElement expected, GradScaler scaler) => Read(expected).Should().Be(scaler.SaveState());

    public static GradScalerState? Read(JsonElement state) => state.EnumerateObject().Any()
        ? new(
            GoldenTensor.Number(state.GetProperty("scale")),
            GoldenTensor.Number(state.GetProperty("growth_factor")),
            GoldenTensor.Number(state.GetProperty("backoff_factor")),
            state.GetProperty("growth_interval").GetInt32(),
            state.GetProperty("_growth_tracker").GetInt32())
        : null;
}
