using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Gan.Models;

/// <summary>Makes digits of 1×8×8 pixels from 0 to 1 out of noise. The same class serves the old model and the ported one.</summary>
internal sealed class Generator : nn.Module<Tensor, Tensor>
{
    public const int NoiseSize = 16;

    private readonly Linear fc1 = nn.Linear(NoiseSize, 128);
    private readonly Linear fc2 = nn.Linear(128, 128);
    private readonly Linear fc3 = nn.Linear(128, 64);

    public Generator()
        : base(nameof(Generator)) => RegisterComponents();

    public Device Device => fc1.weight.device;

    public override Tensor forward(Tensor noise) =>
        torch.sigmoid(fc3.forward(relu(fc2.forward(relu(fc1.forward(noise)))))).reshape(-1, 1, 8, 8);
}
