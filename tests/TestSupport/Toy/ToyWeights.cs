using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Compat.TestSupport.Toy;

/// <summary>The weights from which the golden runs of the seed's toy start.</summary>
internal static class ToyWeights
{
    public static void SetStart(Linear linear)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable guard = no_grad();
        linear.weight.fill_(0.3);
        linear.bias!.fill_(-0.2);
    }
}
