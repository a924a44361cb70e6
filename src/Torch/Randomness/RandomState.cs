using Compat.Torch.Native;
using static TorchSharp.torch;

namespace Compat.Torch.Randomness;

/// <summary>The position of the CPU generator's random stream, captured so that it can be restored exactly.</summary>
/// <remarks>
/// Whoever advances several runners in turn gives each its own stream: restore it before, capture it after each step. CUDA generators are not
/// part of it yet.
/// </remarks>
[HoldsTensors("owner: this object; freed by its Dispose")]
public sealed class RandomState : IDisposable
{
    private readonly StateTensor state;

    private RandomState(StateTensor state) => this.state = state;

    /// <summary>Captures the present position.</summary>
    /// <returns>The position; disposable.</returns>
    public static RandomState Capture()
    {
        TorchEnvironment.EnsureLoaded();
        using Tensor now = get_rng_state();
        return new RandomState(new StateTensor(now));
    }

    /// <summary>Goes back to the captured position: the next random numbers are those that followed the capture.</summary>
    public void Restore() => set_rng_state(state.Value);

    /// <inheritdoc/>
    public void Dispose() => state.Dispose();
}
