using System.ComponentModel;
using System.Diagnostics;

namespace Compat.Benchmarks;

/// <summary>Name and driver of the graphics card, which TorchSharp does not tell.</summary>
internal static class GraphicsCard
{
    /// <summary>Asks the driver's own tool.</summary>
    /// <returns>Name, driver and memory; a text that says so if the tool is missing.</returns>
    public static string Describe()
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo("nvidia-smi", ["--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"])
            {
                RedirectStandardOutput = true,
            })!;
            string card = process.StandardOutput.ReadToEnd().Trim();
            process.WaitForExit();
            return card;
        }
        catch (Win32Exception)
        {
            return "unknown: there is no nvidia-smi";
        }
    }
}
