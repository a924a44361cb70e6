using TorchSharp;

namespace Compat.Torch.Native;

/// <summary>The numbers that were last given to a kernel, as libtorch wants them. Settings of an optimizer seldom change, so they are seldom made anew.</summary>
/// <remarks>
/// TorchSharp makes a Scalar of each number itself, passes its address and forgets it: a collection during the call frees it under libtorch's eyes. So they are
/// kept here until another number takes their place.
/// </remarks>
internal sealed class KernelNumbers
{
    [ThreadStatic]
    private static Dictionary<string, KernelNumbers>? ofThread;

    private readonly Dictionary<int, (long Bits, Scalar Scalar)> byPosition = [];

    /// <summary>Gets the numbers of a kernel on this thread.</summary>
    public static KernelNumbers Of(string kernel)
    {
        ofThread ??= [];
        if (!ofThread.TryGetValue(kernel, out KernelNumbers? numbers))
        {
            numbers = new KernelNumbers();
            ofThread.Add(kernel, numbers);
        }

        return numbers;
    }

    /// <summary>Puts Scalars in the place of the numbers among the arguments. They live until the kernel is given other ones.</summary>
    public void PutInto(object?[] arguments)
    {
        for (int i = 0; i < arguments.Length; i++)
        {
            if (arguments[i] is double number)
            {
                arguments[i] = At(i, number);
            }
        }
    }

    // By bits: 0.0 and -0.0 are two numbers.
    private Scalar At(int position, double number)
    {
        long bits = BitConverter.DoubleToInt64Bits(number);
        if (byPosition.TryGetValue(position, out (long Bits, Scalar Scalar) kept) && kept.Bits == bits)
        {
            return kept.Scalar;
        }

        kept.Scalar?.Dispose();
        Scalar made = number.ToScalar();
        byPosition[position] = (bits, made);
        return made;
    }
}
