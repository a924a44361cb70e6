using Compat.Engine.Optim;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.Api.Tests.Engine;

/// <summary>A user's own way to clip: halves the gradients some times over, and logs the number of those that it found.</summary>
internal sealed record HalvingClipOptions(int Times) : GradClipOptions
{
    public override Tensor? Apply(IEnumerable<Parameter> parameters)
    {
        using IDisposable guard = no_grad();
        Tensor[] gradients = [.. parameters.Select(parameter => parameter.grad).OfType<Tensor>()];
        foreach (Tensor gradient in gradients)
        {
            gradient.mul_(Math.Pow(0.5, Times));
            gradient.Dispose();
        }

        return tensor((float)gradients.Length);
    }

    public override string? FindFault() => Times >= 0 ? null : $"Times is {Times}; it must be at least 0. Use 0 for no change.";
}
